// An enrolment request of anyone's making never verifies without an admitted key.
#include <cstdlib>

#include "identity/enrollment.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const auto json = codec::parse_json(as_text(ByteView(data, size)));
  if (!json.has_value()) return 0;
  const auto request = identity::parse_enrollment_request(*json);
  if (!request.has_value()) return 0;
  identity::EnrollmentContext context{
      .channel_binding = {}, .allowed = {}, .roots = {}, .now = TimePoint{}};
  if (identity::verify_enrollment(*request, context).has_value()) std::abort();
  // On the allow-list, so that the checks behind it are reached; the channel is nobody's.
  const Bytes channel(32, 0);
  context.channel_binding = channel;
  context.allowed.emplace(identity::endorsement_sha256(request->endorsement_key),
                          DeviceId::parse("fuzz").value(), GroupId::parse("fuzz").value());
  context.allowed->keys = {.pkcs11 = true, .memory = true};
  (void)identity::verify_enrollment(*request, context);
  return 0;
}
