#include "agent/state_file.h"

#include <filesystem>

#include "base/fd.h"
#include "crypto/digest.h"

namespace vedette::agent {

namespace {

namespace fs = std::filesystem;

constexpr unsigned kPrivateFile = 0600;
constexpr std::size_t kDigestText = 64;

std::unexpected<Error> damaged(const std::string& path, const std::string& cause) {
  return refuse("AGT-STATE", "a record of this device is damaged", path + ": " + cause);
}

}  // namespace

Result<void> write_state_file(const std::string& path, const codec::Json& document,
                              std::size_t max_bytes) {
  const std::string text = codec::to_json(document);
  const std::string content = to_hex(crypto::sha256(as_bytes(text))) + "\n" + text;
  if (content.size() > max_bytes)
    return refuse("AGT-STATE-SIZE", "a record of this device would grow too large",
                  path + ": " + std::to_string(content.size()) + " bytes");
  return write_file_atomically(path, as_bytes(content), kPrivateFile);
}

Result<std::optional<codec::Json>> read_state_file(const std::string& path, std::size_t max_bytes) {
  std::error_code failed;
  const auto status = fs::symlink_status(path, failed);
  if (status.type() == fs::file_type::not_found) return std::nullopt;
  VEDETTE_TRY(const Bytes content, read_file(path, max_bytes));
  const std::string_view text = as_text(content);
  if (text.size() <= kDigestText || text[kDigestText] != '\n') return damaged(path, "no digest");
  const std::string_view body = text.substr(kDigestText + 1);
  if (to_hex(crypto::sha256(as_bytes(body))) != text.substr(0, kDigestText))
    return damaged(path, "another content than its digest says");
  auto document = codec::parse_json(body, {.max_bytes = max_bytes});
  if (!document) return damaged(path, describe(document.error()));
  return *std::move(document);
}

}  // namespace vedette::agent
