// A signed predicate is a provenance only if it can be signed and read back alike. The first octet
// chooses what the rest is said to be.
#include <array>
#include <cstdlib>

#include "release/dsse.h"
#include "release/provenance/ml_bom.h"
#include "release/provenance/provenance.h"

namespace {

constexpr std::array<std::string_view, 5> kTypes{
    "https://slsa.dev/provenance/v1", "https://vedette.dev/datasets/v1",
    "https://vedette.dev/lineage/v1", "https://vedette.dev/evaluation/v1",
    "https://example.org/other"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  static const auto kKey = crypto::PrivateKey::generate_p256();
  static const auto kTrusted = kKey.public_key();
  static const auto kRoot = crypto::sha256(as_bytes("model"));
  const release::ProvenanceSigners signers{.publishers = std::span(&kTrusted, 1)};
  if (size == 0) return 0;
  const std::string_view rest = as_text(ByteView(data + 1, size - 1));
  if (release::verify_provenance(rest, kRoot, signers).has_value()) std::abort();
  const std::string statement =
      R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"m","digest":{"sha256":")" +
      to_hex(kRoot) + R"("}}],"predicateType":")" + std::string(kTypes[data[0] % kTypes.size()]) +
      R"(","predicate":)" + std::string(rest) + "}";
  const auto envelope = release::sign_dsse(release::kInTotoPayloadType, as_bytes(statement), kKey);
  const auto verified =
      release::verify_provenance(codec::to_json(*envelope) + "\n", kRoot, signers);
  if (!verified.has_value() || verified->others > 0) return 0;
  const auto manifest = release::build_manifest("m", {{"m.onnx", kRoot}});
  (void)release::make_ml_bom({.manifest = *manifest, .name = "m", .version = "1", .now = {}},
                             verified->provenance);
  const auto lines = release::sign_provenance(verified->provenance, "m", kRoot, kKey);
  const auto again = release::verify_provenance(*lines, kRoot, signers);
  if (!again.has_value() || again->provenance != verified->provenance) std::abort();
  return 0;
}
