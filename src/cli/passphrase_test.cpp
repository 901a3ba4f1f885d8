#include "cli/passphrase.h"

#include <cstdlib>
#include <functional>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"

namespace vedette::cli {
namespace {

constexpr Console kPerson{.asks = true};

// What a command came to, in one line.
std::string told(const Result<std::optional<SecretBytes>>& found) {
  if (!found) return found.error().code;
  return *found ? "got " + std::string(as_text((*found)->expose())) : "none";
}

bool echoes() {
  const UniqueFd terminal{::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)};
  termios settings{};
  return ::tcgetattr(terminal.get(), &settings) == 0 && (settings.c_lflag & ECHO) != 0;
}

// A program with a terminal of its own, at which a test is the person. What the program says goes
// by a pipe, so that the screen shows what a person would see and nothing else.
class AtTheTerminal : public ::testing::Test {
 protected:
  void SetUp() override { ::unsetenv(kSigningKey.variable); }
  void TearDown() override {
    if (child_ > 0) ::waitpid(child_, nullptr, 0);
  }

  void run(const std::function<std::string()>& program) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    said_.reset(ends[0]);
    const UniqueFd tell{ends[1]};
    int screen = -1;
    child_ = ::forkpty(&screen, nullptr, nullptr, nullptr);
    ASSERT_GE(child_, 0);
    if (child_ == 0) {
      ::alarm(20);  // a test that waits for ever is one that failed
      const std::string text = program() + (echoes() ? ", and the terminal echoes" : "");
      const ssize_t written = ::write(tell.get(), text.data(), text.size());
      ::_exit(written < 0 ? 1 : 0);
    }
    screen_.reset(screen);
  }
  // Everything that the screen shows until this stands on it.
  std::string shown_up_to(const std::string& text) {
    std::string shown;
    char octet = 0;
    while (!shown.ends_with(text) && ::read(screen_.get(), &octet, 1) == 1)
      shown.push_back(octet);
    return shown;
  }
  void type(const std::string& line) const {
    ASSERT_EQ(::write(screen_.get(), line.data(), line.size()), static_cast<ssize_t>(line.size()));
  }
  [[nodiscard]] std::string outcome() const {
    std::string text;
    char octet = 0;
    while (::read(said_.get(), &octet, 1) == 1)
      text.push_back(octet);
    return text;
  }

 private:
  pid_t child_ = -1;
  UniqueFd screen_;
  UniqueFd said_;
};

TEST_F(AtTheTerminal, APassphraseIsAskedForAndNeverShown) {
  run([] { return told(find_passphrase(kPerson, "passphrase of a.key")); });
  EXPECT_EQ(shown_up_to(": "), "passphrase of a.key: ");
  type("open sesame\n");
  EXPECT_EQ(outcome(), "got open sesame, and the terminal echoes") << "as it did before";
  EXPECT_EQ(shown_up_to("\n"), "\r\n") << "the end of the line, and nothing of it";
}

TEST_F(AtTheTerminal, AnEmptyAnswerIsRefused) {
  run([] { return told(find_passphrase(kPerson, "p")); });
  shown_up_to(": ");
  type("\n");
  EXPECT_EQ(outcome(), "CLI-PASSPHRASE, and the terminal echoes");
}

TEST_F(AtTheTerminal, OneThatIsTooLongIsRefused) {
  run([] { return told(find_passphrase(kPerson, "p")); });
  shown_up_to(": ");
  type(std::string(1'025, 'a') + "\n");
  EXPECT_EQ(outcome(), "CLI-PASSPHRASE, and the terminal echoes");
}

TEST_F(AtTheTerminal, ANewOneIsTypedTwice) {
  run([] { return told(choose_passphrase(kPerson, "a new one")); });
  EXPECT_EQ(shown_up_to(": "), "a new one: ");
  type("first\n");
  EXPECT_EQ(shown_up_to(": "), "\r\na new one, again: ");
  type("first\n");
  EXPECT_EQ(outcome(), "got first, and the terminal echoes");
}

TEST_F(AtTheTerminal, ANewOneThatIsTypedTwiceOtherwiseIsRefused) {
  run([] { return told(choose_passphrase(kPerson, "a new one")); });
  shown_up_to(": ");
  type("first\n");
  shown_up_to(": ");
  type("frist\n");
  EXPECT_EQ(outcome(), "CLI-PASSPHRASE, and the terminal echoes");
}

TEST_F(AtTheTerminal, NobodyIsAskedWhereTheEnvironmentSaysItOrNobodyIsThere) {
  run([] {
    const std::string without = told(find_passphrase(Console{}, "p"));
    ::setenv(kSigningKey.variable, "by the environment", 1);
    return without + ", " + told(choose_passphrase(kPerson, "p"));
  });
  EXPECT_EQ(outcome(), "none, got by the environment, and the terminal echoes");
}

TEST_F(AtTheTerminal, AProgramWithoutATerminalIsToldWhatToDo) {
  run([] {
    if (::fork() != 0) {
      int status = 0;
      ::wait(&status);
      return std::string(status == 0 ? "told" : "not told");
    }
    ::setsid();  // no terminal is this one's any more
    const auto refused = find_passphrase(kPerson, "p");
    ::_exit(refused || refused.error().code != "CLI-FAILED" || refused.error().hint.empty() ? 1
                                                                                            : 0);
  });
  EXPECT_EQ(outcome(), "told, and the terminal echoes");
}

}  // namespace
}  // namespace vedette::cli
