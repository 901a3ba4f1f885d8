// The input as a payload that the verifier signed: what is accepted is for now. As a whole token it
// is never accepted.
#include <array>
#include <cstdlib>

#include "crypto/jws.h"
#include "identity/access_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  static const auto verifier = crypto::PrivateKey::generate_p256();
  static const std::array keys{crypto::Jwk{"k1", verifier.public_key(), {}}};
  static const identity::AccessTokenExpectation expected{
      .trust_domain = identity::TrustDomain::parse("edge.example").value(),
      .audience = "https://maps.example",
      .certificate = {},
      .now = from_unix_seconds(1'900'000'000)};
  const std::string text(as_text(ByteView(data, size)));
  if (identity::verify_access_token(text, keys, expected).has_value()) std::abort();
  const auto token = crypto::sign_jws({identity::kAccessTokenType, "k1"}, text, verifier);
  if (!token.has_value()) return 0;
  const auto verified = identity::verify_access_token(*token, keys, expected);
  if (verified.has_value() && verified->expires_at() <= expected.now) std::abort();
  return 0;
}
