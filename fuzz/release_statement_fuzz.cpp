// A signed payload is believed only when it is a release statement about the bundle's model.
#include <cstdlib>

#include "release/dsse.h"
#include "release/oms_bundle.h"
#include "release/release_statement.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  static const auto key = crypto::PrivateKey::generate_p256();
  static const auto trusted = key.public_key();
  static const auto manifest =
      *release::build_manifest("model", {{.name = "m.onnx", .sha256 = {}}});
  static const std::string bundle = *release::sign_model(manifest, key);
  const ByteView bytes(data, size);
  if (release::verify_release(bundle, as_text(bytes), std::span(&trusted, 1)).has_value())
    std::abort();
  const auto envelope = release::sign_dsse(release::kInTotoPayloadType, bytes, key);
  const auto verified =
      release::verify_release(bundle, codec::to_json(*envelope), std::span(&trusted, 1));
  if (verified.has_value() && (*verified)->model_root != manifest.root) std::abort();
  return 0;
}
