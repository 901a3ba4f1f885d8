// The input as a payload that a root signed: what is accepted is written back with the same
// meaning. As a whole document it is trusted by nobody who holds another root.
#include <cstdlib>

#include "identity/rollover.h"
#include "identity/trust_bundle_fields.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  static const auto key = crypto::PrivateKey::generate_p256();
  static const TimePoint now = from_unix_seconds(1'795'000'000);
  static const auto root = identity::issue_root_certificate(key, now).value();
  static const auto domain = identity::TrustDomain::parse("edge.example").value();
  const std::string text(as_text(ByteView(data, size)));
  const auto bundle = identity::read_trust_bundle(text);
  if (bundle && !identity::read_trust_bundle(identity::write_trust_bundle(*bundle))) std::abort();
  const auto walked = identity::walk_trust(
      {.trust_domain = domain, .held = {}, .anchors = std::span(&root, 1), .now = now},
      std::span(&text, 1));
  if (walked && walked->has_value()) std::abort();
  return 0;
}
