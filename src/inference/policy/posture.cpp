#include "inference/policy/posture.h"

namespace vedette::inference {

std::string_view name_of(Posture posture) {
  switch (posture) {
    case Posture::full:
      return "full";
    case Posture::without_user_namespace:
      return "without-user-namespace";
    case Posture::without_landlock:
      return "without-landlock";
    case Posture::without_core_scheduling:
      return "without-core-scheduling";
  }
  return "unknown";
}

std::optional<Posture> posture_from_name(std::string_view name) {
  for (const Posture posture : kPostures)
    if (name_of(posture) == name) return posture;
  return std::nullopt;
}

Profile at_posture(Profile profile, Posture posture) {
  if (posture == Posture::without_landlock) profile.landlock = Need::where_present;
  if (posture == Posture::without_core_scheduling) profile.core_scheduling = Need::where_present;
  if (posture == Posture::without_user_namespace)
    for (NamespaceRule& rule : profile.namespaces)
      if (rule.kind == Namespace::user) rule.need = Need::off;
  return profile;
}

}  // namespace vedette::inference
