#include "cli/passphrase.h"

#include <array>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"

namespace vedette::cli {

namespace {

constexpr std::size_t kMaxPassphrase = 1024;

std::unexpected<Error> terminal_failed(std::string_view what) {
  return refuse("CLI-FAILED", "the terminal cannot be used to ask for a passphrase",
                errno_text(what), "give the passphrase by a file or the environment");
}

// Echo is off while this lives. A signal that ends the program leaves it to the shell to repair.
class Silence {
 public:
  explicit Silence(int fd) : fd_(fd) {
    if (::tcgetattr(fd_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL | ICANON;
    works_ = ::tcsetattr(fd_, TCSAFLUSH, &silent) == 0;
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  ~Silence() {
    if (works_) (void)::tcsetattr(fd_, TCSAFLUSH, &before_);
  }

  [[nodiscard]] bool works() const { return works_; }

 private:
  int fd_;
  termios before_{};
  bool works_ = false;
};

Result<SecretBytes> read_line(int fd) {
  Bytes line;
  line.reserve(kMaxPassphrase);  // never moves, so that no copy is left behind
  for (;;) {
    std::uint8_t octet = 0;
    const ssize_t got = ::read(fd, &octet, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return terminal_failed("read");
    if (got == 0 || octet == '\n') return SecretBytes(std::move(line));
    if (line.size() == kMaxPassphrase)
      return refuse("CLI-PASSPHRASE", "the passphrase is longer than 1024 octets");
    line.push_back(octet);
  }
}

Result<SecretBytes> ask(const std::string& prompt) {
  const UniqueFd terminal{::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)};
  if (!terminal.valid()) return terminal_failed("/dev/tty");
  const Silence silence(terminal.get());
  if (!silence.works()) return terminal_failed("tcsetattr");
  const std::string text = prompt + ": ";
  if (::write(terminal.get(), text.data(), text.size()) < 0) return terminal_failed("write");
  VEDETTE_TRY(SecretBytes answer, read_line(terminal.get()));
  if (answer.empty()) return refuse("CLI-PASSPHRASE", "an empty passphrase protects nothing");
  return answer;
}

}  // namespace

Result<std::optional<SecretBytes>> find_passphrase(const Console& console,
                                                   const std::string& prompt, PassphraseOf key) {
  if (const char* value = std::getenv(key.variable); value != nullptr) {
    if (*value == '\0')
      return refuse("CLI-PASSPHRASE", "an empty passphrase protects nothing",
                    std::string(key.variable) + " is set, but empty");
    return std::optional(SecretBytes(to_bytes(std::string_view(value))));
  }
  if (!console.asks) return std::optional<SecretBytes>();
  VEDETTE_TRY(SecretBytes answer, ask(prompt));
  return std::optional(std::move(answer));
}

Result<std::optional<SecretBytes>> choose_passphrase(const Console& console,
                                                     const std::string& prompt, PassphraseOf key) {
  VEDETTE_TRY(auto first, find_passphrase(console, prompt, key));
  if (!first || std::getenv(key.variable) != nullptr) return first;
  VEDETTE_TRY(const SecretBytes second, ask(prompt + ", again"));
  if (!equal_constant_time(first->expose(), second.expose()))
    return refuse("CLI-PASSPHRASE", "the two passphrases differ");
  return first;
}

}  // namespace vedette::cli
