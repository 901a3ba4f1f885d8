#include "platform/keys/secret_file.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

namespace vedette::platform {

namespace {

constexpr std::size_t kMaxSecret = 1024;

std::unexpected<Error> unusable(const std::string& path, std::string_view why, std::string hint) {
  return refuse("KEY-SECRET-FILE", "the file with the secret cannot be used",
                path + ": " + std::string(why), std::move(hint));
}

Result<void> check_owner(const std::string& path, int fd) {
  struct stat facts{};
  if (::fstat(fd, &facts) != 0) return unusable(path, errno_text("fstat"), {});
  if (!S_ISREG(facts.st_mode)) return unusable(path, "it is no regular file", {});
  if (facts.st_uid != ::geteuid() && facts.st_uid != 0)
    return unusable(path, "it belongs to another user", "its owner must be root or this program's");
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return unusable(path, "its group or others may use it", "chmod 0400 " + path);
  return {};
}

Result<Bytes> read_at_most(const std::string& path, int fd, std::size_t most) {
  Bytes content(most + 1);  // of one size from the start, so that no copy is left behind
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::read(fd, content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unusable(path, errno_text("read"), {});
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  content.resize(size);
  return content;
}

bool is_one_line(ByteView secret) {
  return std::ranges::none_of(secret,
                              [](std::uint8_t octet) { return octet == '\n' || octet == '\0'; });
}

}  // namespace

Result<SecretBytes> read_secret_file(const std::string& path) {
  // Not O_NOFOLLOW: systemd's credentials and mounted secrets may be links.
  const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd.valid()) return unusable(path, errno_text("open"), {});
  VEDETTE_CHECK(check_owner(path, fd.get()));
  VEDETTE_TRY(Bytes content, read_at_most(path, fd.get(), kMaxSecret + 1));
  if (!content.empty() && content.back() == '\n') content.pop_back();
  SecretBytes secret(std::move(content));
  if (secret.empty()) return unusable(path, "it is empty", {});
  if (secret.size() > kMaxSecret) return unusable(path, "it is longer than 1024 octets", {});
  if (!is_one_line(secret.expose()))
    return unusable(path, "it holds more than one line, or a NUL", {});
  return secret;
}

}  // namespace vedette::platform
