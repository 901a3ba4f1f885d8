// Signs and verifies models from a shell, so that foreign implementations can judge our bundles and
// we theirs. Exit codes: 0 done, 2 usage, 3 refused.
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "base/fd.h"
#include "release/model_tree.h"

namespace {

using namespace vedette;

Result<std::string> read_text(const std::string& path) {
  VEDETTE_TRY(const Bytes bytes, read_file(path, release::kMaxBundleBytes));
  return std::string(as_text(bytes));
}

Result<void> generate(const std::string& private_path, const std::string& public_path) {
  const auto key = crypto::PrivateKey::generate_p256();
  VEDETTE_TRY(const std::string pem, key.insecure_unencrypted_pem());
  VEDETTE_CHECK(write_file_atomically(private_path, as_bytes(pem), 0600));
  return write_file_atomically(public_path, as_bytes(key.public_key().pem()), 0644);
}

Result<void> sign(const std::string& model, const std::string& key_path,
                  const std::string& bundle_path, std::uint64_t shard_size,
                  const release::HashOptions& options) {
  VEDETTE_TRY(const std::string pem, read_text(key_path));
  VEDETTE_TRY(const crypto::PrivateKey key, crypto::PrivateKey::from_pem(pem));
  VEDETTE_TRY(const release::Manifest manifest,
              shard_size == 0 ? release::hash_model(model, options)
                              : release::hash_model_by_shards(model, shard_size, options));
  VEDETTE_TRY(const std::string bundle, release::sign_model(manifest, key));
  return write_file_atomically(bundle_path, as_bytes(bundle), 0644);
}

Result<void> verify(const std::string& model, const std::string& key_path,
                    const std::string& bundle_path, const release::HashOptions& options) {
  VEDETTE_TRY(const std::string pem, read_text(key_path));
  VEDETTE_TRY(const crypto::PublicKey key, crypto::PublicKey::from_pem(pem));
  VEDETTE_TRY(const std::string bundle, read_text(bundle_path));
  VEDETTE_TRY(const auto verified,
              release::verify_model(model, bundle, std::span(&key, 1), options));
  std::cout << to_hex(verified->manifest.root) << "\n";
  return {};
}

int report(const Result<void>& result) {
  if (result) return 0;
  std::cerr << describe(result.error()) << "\n";
  return 3;
}

int usage() {
  std::cerr << "usage: oms_tool generate PRIVATE PUBLIC\n"
               "       oms_tool sign|verify MODEL KEY BUNDLE [IGNORED_PATH ...]\n"
               "       oms_tool shards SIZE MODEL KEY BUNDLE [IGNORED_PATH ...]\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  std::uint64_t shard_size = 0;
  if (words.size() > 1 && words[0] == "shards") {
    shard_size = std::strtoull(words[1].c_str(), nullptr, 10);
    if (shard_size == 0) return usage();
    words.erase(words.begin());
    words[0] = "sign";
  }
  if (words.size() == 3 && words[0] == "generate") return report(generate(words[1], words[2]));
  if (words.size() < 4) return usage();
  const release::HashOptions options{.ignore = {words.begin() + 4, words.end()}, .progress = {}};
  if (words[0] == "sign") return report(sign(words[1], words[2], words[3], shard_size, options));
  if (words[0] == "verify") return report(verify(words[1], words[2], words[3], options));
  return usage();
}
