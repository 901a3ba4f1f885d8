#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/memory_fixture.h"

namespace vedette::agent {
namespace {

using inference::Hello;

Bytes bytes_of(const Hello& hello) {
  Bytes bytes(sizeof hello);
  std::memcpy(bytes.data(), &hello, sizeof hello);
  return bytes;
}

Hello sound_hello() {
  return inference::to_hello(wish_for("echo"));
}

class MemoryGreeting : public MemoryApiTest {
 protected:
  // The code of the refusal; empty when there was none.
  std::string code_for(const Bytes& hello) {
    const UniqueFd socket = dial(path_);
    const auto answer = greet(socket.get(), hello);
    return answer ? "" : answer.error().code;
  }
};

TEST_F(MemoryGreeting, RefusesAHelloThatIsNone) {
  start();
  Bytes bytes = bytes_of(sound_hello());
  EXPECT_EQ(code_for({1}), "MEM-HELLO");
  bytes.pop_back();
  EXPECT_EQ(code_for(bytes), "MEM-HELLO");
  bytes.resize(sizeof(Hello) + 1);
  EXPECT_EQ(code_for(bytes), "MEM-HELLO");
  Hello hello = sound_hello();
  ++hello.magic;
  EXPECT_EQ(code_for(bytes_of(hello)), "MEM-HELLO");
  hello = sound_hello();
  hello.request_bytes = ~0ULL;
  EXPECT_EQ(code_for(bytes_of(hello)), "MEM-HELLO");
  EXPECT_EQ(code_for(bytes_of(sound_hello())), "");
}

TEST_F(MemoryGreeting, RefusesAnotherVersion) {
  start();
  Hello hello = sound_hello();
  hello.version = 2;
  EXPECT_EQ(code_for(bytes_of(hello)), "MEM-VERSION");
}

TEST_F(MemoryGreeting, RefusesANameThatIsNoneAndAModelThatIsNotThere) {
  start();
  Hello hello = sound_hello();
  hello.model[10] = 'x';
  EXPECT_EQ(code_for(bytes_of(hello)), "MEM-HELLO");
  hello = sound_hello();
  std::memset(hello.model, 'a', sizeof hello.model);
  EXPECT_EQ(code_for(bytes_of(hello)), "MEM-HELLO");
  std::memset(hello.model, 0, sizeof hello.model);
  EXPECT_EQ(code_for(bytes_of(hello)), "MEM-HELLO");
  EXPECT_EQ(connect(path_, wish_for("other")).error().code, "AGT-NO-MODEL");
}

TEST_F(MemoryGreeting, RefusesMoreMemoryThanItGives) {
  start();
  auto wish = wish_for("echo");
  wish.reply_bytes = limits_.reply_bytes + 1;
  EXPECT_EQ(connect(path_, wish).error().code, "MEM-SIZE");
  wish.reply_bytes = 64;
  EXPECT_TRUE(connect(path_, wish).has_value());
}

TEST_F(MemoryGreeting, RefusesMoreSessionsThanItAllows) {
  limits_.sessions = 2;
  start();
  auto first = connect(path_);
  const auto second = connect(path_);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(connect(path_).error().code, "MEM-BUSY");
  first->reset();
  ASSERT_TRUE(comes_to(1));
  EXPECT_TRUE(connect(path_).has_value());
}

TEST_F(MemoryGreeting, RefusesMoreConnectionsThanItWatches) {
  limits_.greetings = 1;
  start();
  const UniqueFd silent = dial(path_);
  const UniqueFd second = dial(path_);
  const auto message = inference::receive_greeting(second.get());
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(inference::parse_welcome(message->bytes).error().code, "MEM-BUSY");
}

TEST_F(MemoryGreeting, HangsUpOnWhoSaysNothing) {
  limits_.greeting_deadline = std::chrono::milliseconds(20);
  start();
  const UniqueFd silent = dial(path_);
  EXPECT_FALSE(inference::receive_greeting(silent.get()).has_value());
}

TEST_F(MemoryGreeting, RefusesAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  MemoryService service = echo_service();
  service.authorise = [](const Caller& caller, std::string_view /*model*/) -> Result<void> {
    if (caller.uid == ::geteuid()) return {};
    return refuse("MEM-CALLER", "only we may ask");
  };
  start(service);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(path_.c_str(), 0666), 0);  // so that it is the caller's check that refuses
  EXPECT_EQ(code_for(bytes_of(sound_hello())), "");
  EXPECT_EQ(
      as_another_user([this] { return code_for(bytes_of(sound_hello())) == "MEM-CALLER" ? 0 : 1; }),
      0);
}

TEST_F(MemoryGreeting, KeepsOtherUsersOutByTheSocketsMode) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  start();
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  struct stat about{};
  ASSERT_EQ(::stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777U, 0660U);
  EXPECT_EQ(as_another_user([this] { return !dial(path_).valid() && errno == EACCES ? 0 : 1; }), 0);
}

}  // namespace
}  // namespace vedette::agent
