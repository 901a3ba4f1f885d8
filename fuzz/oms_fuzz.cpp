// A statement that is read can be written and read again with the same root, and every name in it
// stays inside its folder; no bundle verifies that we did not sign.
#include <cstdlib>

#include "release/oms_bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  static const auto trusted = crypto::PrivateKey::generate_p256().public_key();
  const std::string_view text = as_text(ByteView(data, size));
  if (release::verify_bundle(text, std::span(&trusted, 1)).has_value()) std::abort();
  const auto manifest = release::parse_statement(text);
  if (!manifest.has_value()) return 0;
  for (const release::Resource& resource : manifest->resources)
    if (!release::is_safe_path(resource.name) && resource.name != release::kSingleFileResource)
      std::abort();
  const auto again = release::parse_statement(release::to_statement(*manifest));
  if (!again.has_value() || again->root != manifest->root) std::abort();
  return 0;
}
