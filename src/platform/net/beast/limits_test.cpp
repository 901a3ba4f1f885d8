// What the server refuses, and what the client says when the server misbehaves.
#include <atomic>
#include <mutex>

#include "platform/net/beast/loopback_fixture.h"

namespace vedette::platform {
namespace {

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "" : result.error().code;
}

// What a plain server answers to `text` until it closes.
std::string answer_to(std::string_view text, HttpServerSettings settings = plain_server()) {
  Handler handler(echo);
  settings.request_timeout = 5s;
  const auto server = serve(settings, handler);
  const auto fd = dial(server->port());
  write_all(fd.get(), text);
  return read_to_end(fd.get());
}

TEST(ServerLimits, InvalidRequestGets400AndTheEnd) {
  const auto answer = answer_to("this is no request\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << answer;
  EXPECT_NE(answer.find(R"({"error":{"code":"HTTP-SYNTAX",)"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
}

TEST(ServerLimits, OversizePartsAreRefusedByStatus) {
  auto settings = plain_server();
  settings.max_body_bytes = 1000;
  const std::string long_text(20'000, 'a');
  EXPECT_TRUE(answer_to("GET /" + long_text.substr(0, 3000) + " HTTP/1.1\r\nHost: a\r\n\r\n")
                  .starts_with("HTTP/1.1 414 "));
  EXPECT_TRUE(answer_to("GET / HTTP/1.1\r\nHost: a\r\nX: " + long_text + "\r\n\r\n")
                  .starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(answer_to("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", settings)
                  .starts_with("HTTP/1.1 413 "));
}

TEST(ServerLimits, RefusalReachesAClientThatIsStillSending) {
  Authority authority("ours");
  Handler handler(echo);
  auto settings = tls_server(authority.server(), authority.root());
  settings.max_body_bytes = 1000;
  const auto server = serve(settings, handler);
  const auto client = connect(tls_client(server->port(), authority.root(), authority.client()));
  const auto answer = client->send(post("/", std::string(1'000'000, 'a')));
  ASSERT_TRUE(answer.has_value()) << describe(answer.error());
  EXPECT_EQ(answer->status, 413);
  EXPECT_FALSE(client->connected());
}

// The time until a server with tight limits closes on what `talk` does.
std::chrono::steady_clock::duration time_until_closed(HttpServerSettings settings,
                                                      const std::function<void(int fd)>& talk) {
  Handler handler(echo);
  settings.request_timeout = 1s;
  settings.idle_timeout = 1s;
  const auto server = serve(settings, handler);
  const auto fd = dial(server->port());
  const auto begin = std::chrono::steady_clock::now();
  talk(fd.get());
  EXPECT_EQ(read_to_end(fd.get()).find("HTTP/1.1 200"), std::string::npos);
  return std::chrono::steady_clock::now() - begin;
}

TEST(ServerLimits, SilentConnectionIsClosed) {
  EXPECT_LT(time_until_closed(plain_server(), [](int) {}), 5s);
}

TEST(ServerLimits, SilentHandshakeIsClosed) {
  Authority authority("ours");
  EXPECT_LT(time_until_closed(tls_server(authority.server(), authority.root()), [](int) {}), 5s);
}

// Sends `piece` again and again until the peer closes, for at most ten seconds.
void dribble(int fd, std::string_view piece) {
  for (int i = 0; i < 100 && !peer_has_closed(fd); ++i) {
    write_all(fd, piece);
    std::this_thread::sleep_for(100ms);
  }
}

TEST(ServerLimits, DribbledHeaderIsClosed) {
  const auto time = time_until_closed(plain_server(), [](int fd) {
    write_all(fd, "GET / HTTP/1.1\r\n");
    dribble(fd, "X: y\r\n");
  });
  EXPECT_LT(time, 5s);
}

TEST(ServerLimits, DribbledBodyIsClosed) {
  const auto time = time_until_closed(plain_server(), [](int fd) {
    write_all(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n");
    dribble(fd, "a");
  });
  EXPECT_LT(time, 5s);
}

// The time is the peer's: what the handler takes is its own affair.
TEST(ServerLimits, AHandlerMayTakeLongerThanARequestsTime) {
  Handler handler([](const Connection&, const HttpRequest&) {
    std::this_thread::sleep_for(1500ms);
    return text_response("late");
  });
  auto settings = plain_server();
  settings.request_timeout = 1s;
  settings.idle_timeout = 1s;
  const auto server = serve(settings, handler);
  const auto client = connect(plain_client(server->port()));
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(as_text(must(client->send(get("/"))).body), "late");
}

// Each request is in time, all of them together are not.
TEST(ServerLimits, AConnectionThatIsUsedStaysOpen) {
  Handler handler(tell_id);
  auto settings = plain_server();
  settings.request_timeout = 1s;
  settings.idle_timeout = 1s;
  const auto server = serve(settings, handler);
  const auto client = connect(plain_client(server->port()));
  const auto first = must(client->send(get("/"))).body;
  for (int i = 0; i < 8; ++i) {
    std::this_thread::sleep_for(300ms);
    EXPECT_EQ(must(client->send(get("/"))).body, first);
  }
}

TEST(ServerLimits, ExtraConnectionsAreClosed) {
  Handler handler(echo);
  auto settings = plain_server();
  settings.max_connections = 2;
  const auto server = serve(settings, handler);
  const std::string request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok";
  auto first = dial(server->port());
  const auto second = dial(server->port());
  for (const int fd : {first.get(), second.get()}) {
    write_all(fd, request);
    ASSERT_NE(read_until(fd, "\r\n\r\nok").find("200 OK"), std::string::npos);
  }
  EXPECT_EQ(read_to_end(dial(server->port()).get()), "");
  first.reset();
  EXPECT_TRUE(eventually([&] {
    const auto next = dial(server->port());
    write_all(next.get(), request);
    return read_until(next.get(), "\r\n\r\nok").find("200 OK") != std::string::npos;
  }));
}

TEST(ServerLimits, TakenPortIsRefused) {
  Handler handler(echo);
  const auto server = serve(plain_server(), handler);
  auto settings = plain_server();
  settings.port = server->port();
  EXPECT_EQ(code_of(make_beast_http()->serve(settings, handler)), "NET-LISTEN");
  settings.address = "localhost";
  EXPECT_EQ(code_of(make_beast_http()->serve(settings, handler)), "NET-LISTEN");
}

TEST(ServerFaults, HandlerThatThrowsFailsItsRequestAlone) {
  Handler handler([](const Connection&, const HttpRequest& request) -> HttpResponse {
    if (request.target == "/throw") throw std::logic_error("a mistake");
    if (request.target == "/throw-other") throw 7;
    return text_response("fine");
  });
  const auto server = serve(plain_server(), handler);
  const auto client = connect(plain_client(server->port()));
  for (const auto* target : {"/throw", "/throw-other"}) {
    const auto answer = must(client->send(get(target)));
    EXPECT_EQ(answer.status, 500);
    EXPECT_NE(as_text(answer.body).find(R"("code":"INTERNAL")"), std::string::npos);
    EXPECT_EQ(as_text(answer.body).find("mistake"), std::string::npos);
  }
  EXPECT_EQ(as_text(must(client->send(get("/"))).body), "fine");
}

TEST(ServerFaults, HeaderThatWouldSplitTheAnswerIsNotSent) {
  Handler handler([](const Connection&, const HttpRequest&) {
    auto response = text_response("fine");
    response.headers = {{"x", "a\r\nEvil: yes"}};
    return response;
  });
  const auto server = serve(plain_server(), handler);
  const auto answer = must(connect(plain_client(server->port()))->send(get("/")));
  EXPECT_EQ(answer.status, 500);
  for (const auto& [name, value] : answer.headers)
    EXPECT_NE(name, "evil");
}

TEST(ServerFaults, StreamThatFailsIsNotTakenForTheWhole) {
  Handler handler([](const Connection&, const HttpRequest& request) {
    HttpResponse response;
    response.body_size = 100'000;
    response.stream = [target = request.target,
                       calls = 0](std::span<std::uint8_t> into) mutable -> Result<std::size_t> {
      if (calls++ == 0) return std::min<std::size_t>(into.size(), 1000);
      if (target == "/refuses") return refuse("STORE-READ", "the disk is gone");
      if (target == "/throws") throw std::runtime_error("the disk is gone");
      return 0;
    };
    return response;
  });
  const auto server = serve(plain_server(), handler);
  for (const auto* target : {"/refuses", "/throws", "/ends"}) {
    const auto client = connect(plain_client(server->port()));
    EXPECT_EQ(code_of(client->send(get(target))), "NET-CLOSED") << target;
  }
}

TEST(ClientRefusals, NobodyListens) {
  std::uint16_t port = 0;
  {
    const ScriptedServer gone([](int, int) {});
    port = gone.port();
  }
  EXPECT_EQ(code_of(connect(plain_client(port))->send(get("/"))), "NET-UNREACHABLE");
}

TEST(ClientRefusals, NameThatDoesNotExist) {
  auto settings = plain_client(80);
  settings.host = "no-such-host.invalid";
  EXPECT_EQ(code_of(connect(settings)->send(get("/"))), "NET-UNREACHABLE");
}

TEST(ClientRefusals, RequestThatCannotBeSent) {
  const ScriptedServer server([](int, int) {});
  auto request = get("/");
  request.headers = {{"x", "a\r\nEvil: yes"}};
  EXPECT_EQ(code_of(connect(plain_client(server.port()))->send(request)), "NET-SYNTAX");
}

// What the client says when the server answers `answer` and closes.
Result<HttpResponse> result_of(std::string answer, std::size_t max_body_bytes = 1000) {
  const ScriptedServer server([&](int fd, int) {
    read_until(fd, "\r\n\r\n");
    write_all(fd, answer);
  });
  auto settings = plain_client(server.port());
  settings.max_body_bytes = max_body_bytes;
  return connect(settings)->send(get("/"));
}

TEST(ClientRefusals, ServerThatClosesBeforeItsAnswerIsWhole) {
  EXPECT_EQ(code_of(result_of("")), "NET-CLOSED");
  EXPECT_EQ(code_of(result_of("HTTP/1.1 200 OK\r\nContent-Le")), "NET-CLOSED");
  EXPECT_EQ(code_of(result_of("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")), "NET-CLOSED");
}

TEST(ClientRefusals, AnswerThatIsNotHttp) {
  EXPECT_EQ(code_of(result_of("SSH-2.0-Whatever\r\n\r\n")), "NET-SYNTAX");
}

TEST(ClientRefusals, AnswerBeyondTheLimit) {
  EXPECT_EQ(code_of(result_of("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")), "NET-SIZE");
  EXPECT_EQ(code_of(result_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                              std::string(1001, 'a'))),
            "NET-SIZE");
}

TEST(ClientRefusals, SilentServer) {
  const ScriptedServer server([](int fd, int) { read_until(fd, "never"); });
  auto settings = plain_client(server.port());
  settings.timeout = 1s;
  const auto client = connect(settings);
  EXPECT_EQ(code_of(client->send(get("/"))), "NET-TIMEOUT");
  EXPECT_FALSE(client->connected());
}

TEST(ClientRefusals, SilentTlsServer) {
  const ScriptedServer server([](int fd, int) { read_until(fd, "never"); });
  auto settings = tls_client(server.port(), Authority("ours").root());
  settings.timeout = 1s;
  EXPECT_EQ(code_of(connect(settings)->send(get("/"))), "NET-TIMEOUT");
}

TEST(ClientRefusals, DribbledDownload) {
  const ScriptedServer server([](int fd, int) {
    read_until(fd, "\r\n\r\n");
    write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 0; i < 30; ++i) {
      write_all(fd, "a");
      std::this_thread::sleep_for(100ms);
    }
  });
  auto settings = plain_client(server.port());
  settings.timeout = 1s;
  const auto client = connect(settings);
  const auto result = client->download(get("/"), [](ByteView) { return Result<void>{}; });
  EXPECT_EQ(code_of(result), "NET-TIMEOUT");
}

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// Answers the first request of its first connection, closes on the second one, and answers one
// request on each further connection. Keeps the requests.
class ForgetfulServer {
 public:
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void take(int fd) {
    const auto request = read_until(fd, "\r\n\r\n");
    const std::lock_guard lock(mutex_);
    requests_.push_back(request.substr(0, request.find(" HTTP")));
  }

  std::mutex mutex_;
  std::vector<std::string> requests_;
  ScriptedServer server_{[this](int fd, int number) {
    take(fd);
    write_all(fd, kOk);
    if (number == 0) take(fd);
  }};
};

TEST(ClientRetry, PostIsNotRepeatedOnceItWasSent) {
  ForgetfulServer server;
  const auto client = connect(plain_client(server.port()));
  ASSERT_EQ(must(client->send(get("/1"))).status, 200);
  EXPECT_EQ(code_of(client->send(post("/2", ""))), "NET-CLOSED");
  EXPECT_EQ(server.requests(), (std::vector<std::string>{"GET /1", "POST /2"}));
}

TEST(ClientRetry, GetIsRepeatedOnceOnANewConnection) {
  ForgetfulServer server;
  const auto client = connect(plain_client(server.port()));
  ASSERT_EQ(must(client->send(get("/1"))).status, 200);
  EXPECT_EQ(must(client->send(get("/2"))).status, 200);
  EXPECT_EQ(server.requests(), (std::vector<std::string>{"GET /1", "GET /2", "GET /2"}));
}

TEST(ClientRetry, GetIsNotRepeatedOnAFreshConnection) {
  std::atomic<int> connections = 0;
  const ScriptedServer server([&](int fd, int) {
    ++connections;
    read_until(fd, "\r\n\r\n");
  });
  EXPECT_EQ(code_of(connect(plain_client(server.port()))->send(get("/"))), "NET-CLOSED");
  EXPECT_EQ(connections, 1);
}

TEST(ClientRetry, PostGoesToANewConnectionWhenTheOldOneEndedInIdleness) {
  const ScriptedServer server([](int fd, int) {
    read_until(fd, "\r\n\r\n");
    write_all(fd, kOk);
  });
  const auto client = connect(plain_client(server.port()));
  ASSERT_EQ(must(client->send(post("/1", ""))).status, 200);
  ASSERT_TRUE(eventually([&] { return !client->connected(); }));
  EXPECT_EQ(must(client->send(post("/2", ""))).status, 200);
}

}  // namespace
}  // namespace vedette::platform
