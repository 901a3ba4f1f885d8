// A server that serves each connection on a thread of its own.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <future>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "platform/net/beast/loopback_fixture.h"

namespace vedette::platform {
namespace {

std::size_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

class ThreadPerConnection : public testing::Test {
 protected:
  void start(Handler::Function function, unsigned handlers = 4) {
    handler_.emplace(std::move(function));
    auto settings = plain_server();
    settings.thread_per_connection = true;
    settings.handler_threads = handlers;
    settings.idle_timeout = 1s;
    settings.max_connections = 8;
    server_ = serve(settings, *handler_);
  }
  // Whoever asks for /wait is answered once the door is open.
  void start_with_door() {
    start(
        [this, opened = door_.get_future().share()](const Connection&, const HttpRequest& request) {
          if (request.target == "/wait") {
            inside_ = true;
            opened.wait();
          }
          return text_response("done");
        });
  }
  std::unique_ptr<HttpClient> client() { return connect(plain_client(server_->port())); }

  std::promise<void> door_;
  std::atomic<bool> inside_ = false;
  std::optional<Handler> handler_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(ThreadPerConnection, ConnectionsBeyondTheLimitAreClosedAndCostNoThread) {
  start(echo);
  std::vector<UniqueFd> open;
  for (int i = 0; i < 8; ++i) {
    open.push_back(dial(server_->port()));
    write_all(open.back().get(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_NE(read_until(open.back().get(), "\r\n\r\n").find("200 OK"), std::string::npos);
  }
  const std::size_t before = threads_of_this_process();
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(read_to_end(dial(server_->port()).get()), "");
  EXPECT_TRUE(eventually([&] { return threads_of_this_process() <= before; }));
}

// A lane takes descriptors of its own, which others in this process may have used up.
TEST_F(ThreadPerConnection, WhenDescriptorsRunOutItAcceptsAgainOnceThereAreSome) {
  start(echo);
  ASSERT_EQ(must(client()->send(get("/"))).status, 200);
  const UniqueFd caller(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server_->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int connected =
      ::connect(caller.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  std::this_thread::sleep_for(300ms);  // it tries to accept, and to open a lane, again and again
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_EQ(connected, 0);
  EXPECT_EQ(must(client()->send(get("/"))).status, 200);
}

TEST_F(ThreadPerConnection, SilentOnesAreClosedAndTheirThreadsEnd) {
  start(echo);
  ASSERT_EQ(must(client()->send(get("/"))).status, 200);  // the one for the next waits by now
  const std::size_t before = threads_of_this_process();
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 4; ++i)
    silent.push_back(dial(server_->port()));
  for (const UniqueFd& fd : silent)
    EXPECT_EQ(read_to_end(fd.get()), "");
  EXPECT_TRUE(eventually([&] { return threads_of_this_process() <= before; }));
}

TEST_F(ThreadPerConnection, AHandlerThatBlocksHoldsUpNobodyElse) {
  start_with_door();
  const auto waiting = client();
  auto answer = std::async(std::launch::async, [&] { return waiting->send(get("/wait")); });
  ASSERT_TRUE(eventually([&] { return inside_.load(); }));
  EXPECT_EQ(as_text(must(client()->send(get("/"))).body), "done");
  door_.set_value();
  EXPECT_EQ(as_text(must(answer.get()).body), "done");
}

TEST_F(ThreadPerConnection, NoMoreHandlersRunAtOnceThanTheirNumber) {
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  start(
      [&](const Connection&, const HttpRequest&) {
        most = std::max<int>(most, ++inside);
        std::this_thread::sleep_for(20ms);
        --inside;
        return text_response("done");
      },
      2);
  std::vector<std::future<void>> clients;
  for (int i = 0; i < 6; ++i)
    clients.push_back(std::async(std::launch::async, [this] {
      const auto one = client();
      for (int call = 0; call < 10; ++call)
        EXPECT_EQ(as_text(must(one->send(get("/"))).body), "done");
    }));
  for (auto& each : clients)
    each.get();
  EXPECT_EQ(most, 2);
}

TEST_F(ThreadPerConnection, ADroppedConnectionGetsNoAnswerAndAnIdleOneEndsAtOnce) {
  start_with_door();
  const auto idle = client();
  ASSERT_EQ(must(idle->send(get("/"))).status, 200);
  const auto waiting = client();
  auto answer = std::async(std::launch::async, [&] { return waiting->send(post("/wait", "")); });
  ASSERT_TRUE(eventually([&] { return inside_.load(); }));
  EXPECT_EQ(server_->close_connections([](const Connection&) { return true; }), 2U);
  EXPECT_TRUE(eventually([&] { return !idle->connected(); }));
  door_.set_value();
  const auto result = answer.get();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, "NET-CLOSED");
}

TEST_F(ThreadPerConnection, StoppingWaitsForHandlersAndEndsAllThreads) {
  std::promise<void> entered;
  std::atomic<bool> left = false;
  const std::size_t before = threads_of_this_process();
  start([&](const Connection&, const HttpRequest&) {
    entered.set_value();
    std::this_thread::sleep_for(300ms);
    left = true;
    return text_response("late");
  });
  const auto idle = dial(server_->port());
  {
    const auto one = client();
    auto answer = std::async(std::launch::async, [&] { return one->send(post("/", "")); });
    entered.get_future().wait();
    server_.reset();
    EXPECT_TRUE(left);
    EXPECT_FALSE(answer.get().has_value());
  }
  EXPECT_TRUE(eventually([&] { return threads_of_this_process() <= before; }));
}

}  // namespace
}  // namespace vedette::platform
