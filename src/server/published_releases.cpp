#include "server/published_releases.h"

#include <memory>
#include <optional>
#include <set>

#include "codec/base64.h"
#include "codec/json.h"

namespace vedette::server {

namespace {

using attestation::RuntimeEventKind;
using platform::UnitOfWork;

// The digest of the DSSE payload, by which agents call a contract. The envelope was verified when
// it was published.
std::string contract_name(const release::Release& release) {
  const auto envelope = codec::parse_json(release.contract);
  if (!envelope) return {};
  const auto payload = envelope->string("payload");
  if (!payload) return {};
  const auto octets = codec::from_base64(*payload);
  return octets ? to_hex(crypto::sha256(*octets)) : std::string{};
}

}  // namespace

attestation::IsPublished published_in(UnitOfWork& unit) {
  auto digests = std::make_shared<std::optional<std::set<std::string>>>();
  return [&unit, digests](RuntimeEventKind kind, std::string_view digest) {
    if (!*digests) {
      digests->emplace();
      const auto releases = unit.releases().list();
      if (!releases) return false;
      for (const release::Release& release : *releases) {
        if (release.blocked || release.pending) continue;
        (*digests)->insert("model " + to_hex(release.model_root));
        if (!release.contract.empty()) (*digests)->insert("contract " + contract_name(release));
      }
    }
    const bool is_model = kind == RuntimeEventKind::model_release;
    return (*digests)->contains((is_model ? "model " : "contract ") + std::string(digest));
  };
}

}  // namespace vedette::server
