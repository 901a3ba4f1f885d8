// Requests and answers between our client and our server.
#include <algorithm>
#include <atomic>
#include <future>
#include <optional>

#include "platform/net/beast/loopback_fixture.h"
#include "platform/net/byte_range.h"

namespace vedette::platform {
namespace {

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "" : result.error().code;
}

class Exchange : public ::testing::Test {
 protected:
  std::unique_ptr<HttpServer> start(HttpHandler& handler) {
    return serve(tls_server(authority_.server(), authority_.root()), handler);
  }
  std::unique_ptr<HttpClient> client_of(const HttpServer& server) {
    return connect(tls_client(server.port(), authority_.root(), authority_.client()));
  }

  Authority authority_{"ours"};
};

// Octets that differ from place to place, so that a lost or doubled piece shows.
std::uint8_t octet_at(std::uint64_t position) {
  return static_cast<std::uint8_t>((position * 2'654'435'761U) >> 13U);
}

HttpResponse streamed(std::uint64_t size) {
  HttpResponse response;
  response.content_type = "application/octet-stream";
  response.body_size = size;
  response.stream = [position = std::uint64_t{0},
                     size](std::span<std::uint8_t> into) mutable -> Result<std::size_t> {
    std::size_t written = 0;
    while (written < into.size() && position < size)
      into[written++] = octet_at(position++);
    return written;
  };
  return response;
}

TEST_F(Exchange, SinkThatRefusesEndsTheDownload) {
  Handler handler([](const Connection&, const HttpRequest&) { return streamed(5'000'000); });
  const auto server = start(handler);
  const auto client = client_of(*server);
  std::size_t received = 0;
  const auto result = client->download(get("/"), [&](ByteView piece) -> Result<void> {
    received += piece.size();
    if (received > 1'000'000) return refuse("MODEL-DIGEST", "not what was signed");
    return {};
  });
  EXPECT_EQ(code_of(result), "MODEL-DIGEST");
  EXPECT_LT(received, 2'000'000U);
  EXPECT_FALSE(client->connected());
  EXPECT_EQ(must(client->send(get("/"))).body.size(), 5'000'000U);
}

// Answers every request as if it had asked for octet 5 on.
HttpResponse part_from_five(const Connection& /*connection*/, const HttpRequest& request) {
  auto response = text_response(request.target == "/whole" ? "0123456789" : "56789");
  if (request.target != "/whole") {
    response.status = 206;
    response.headers = {{"content-range", "bytes 5-9/10"}};
  }
  return response;
}

TEST_F(Exchange, SinkSeesNothingOfAnotherPartThanWasAskedFor) {
  Handler handler(part_from_five);
  const auto server = start(handler);
  std::string seen;
  const auto download = [&](const std::string& target, std::optional<std::uint64_t> from) {
    HttpRequest request = get(target);
    if (from) ask_from(request, *from, "tag");
    return code_of(client_of(*server)->download(request, [&](ByteView piece) -> Result<void> {
      seen += as_text(piece);
      return {};
    }));
  };
  EXPECT_EQ(download("/part", 4), "NET-RANGE");
  EXPECT_EQ(download("/part", std::nullopt), "NET-RANGE");
  EXPECT_EQ(download("/whole", 5), "NET-RANGE");
  EXPECT_EQ(seen, "");
  EXPECT_EQ(download("/part", 5), "");
  EXPECT_EQ(seen, "56789");
}

TEST_F(Exchange, SinkSeesNoErrorBodies) {
  Handler handler(
      [](const Connection&, const HttpRequest&) { return text_response("no such release", 404); });
  const auto server = start(handler);
  bool sink_called = false;
  const auto result = must(client_of(*server)->download(get("/"), [&](ByteView) {
    sink_called = true;
    return Result<void>{};
  }));
  EXPECT_EQ(result.status, 404);
  EXPECT_EQ(as_text(result.body), "no such release");
  EXPECT_FALSE(sink_called);
}

TEST_F(Exchange, ClosedConnectionIsSeenWithinTwoSeconds) {
  Handler handler(tell_id);
  const auto server = start(handler);
  const auto revoked = client_of(*server);
  const auto innocent = client_of(*server);
  const auto told = must(revoked->send(get("/")));
  const auto revoked_number = std::stoull(std::string(as_text(told.body)));
  ASSERT_EQ(must(innocent->send(get("/"))).status, 200);
  ASSERT_TRUE(revoked->connected());

  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(server->close_connections(
                [&](const Connection& connection) { return connection.id == revoked_number; }),
            1U);
  EXPECT_TRUE(eventually([&] { return !revoked->connected(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_TRUE(innocent->connected());
  EXPECT_EQ(server->close_connections([](const Connection&) { return false; }), 0U);
}

TEST_F(Exchange, ConnectionIsClosedInMidRequest) {
  std::promise<void> entered;
  std::promise<void> leave;
  Handler handler([&](const Connection&, const HttpRequest&) {
    entered.set_value();
    leave.get_future().wait();
    return text_response("a secret for a device in good standing");
  });
  const auto server = start(handler);
  const auto client = client_of(*server);
  auto answer = std::async(std::launch::async, [&] { return client->send(post("/", "")); });
  entered.get_future().wait();
  EXPECT_EQ(server->close_connections([](const Connection&) { return true; }), 1U);
  EXPECT_EQ(answer.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(code_of(answer.get()), "NET-CLOSED");
  leave.set_value();
}

TEST_F(Exchange, ConnectionIsClosedInMidStream) {
  std::promise<void> begun;
  std::atomic<int> calls = 0;
  Handler handler([&](const Connection&, const HttpRequest&) {
    auto response = streamed(std::uint64_t{1} << 40U);
    response.stream = [&, inner = response.stream](std::span<std::uint8_t> into) {
      if (++calls == 3) begun.set_value();
      return inner(into);
    };
    return response;
  });
  const auto server = start(handler);
  const auto client = client_of(*server);
  auto answer = std::async(std::launch::async, [&] {
    return client->download(get("/"), [](ByteView) { return Result<void>{}; });
  });
  begun.get_future().wait();
  EXPECT_EQ(server->close_connections([](const Connection&) { return true; }), 1U);
  EXPECT_EQ(answer.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(code_of(answer.get()), "NET-CLOSED");
}

TEST_F(Exchange, StoppingWaitsForHandlersAndDropsClients) {
  std::promise<void> entered;
  std::atomic<bool> left = false;
  Handler handler([&](const Connection&, const HttpRequest&) {
    entered.set_value();
    std::this_thread::sleep_for(300ms);
    left = true;
    return text_response("late");
  });
  auto server = start(handler);
  const auto client = client_of(*server);
  auto answer = std::async(std::launch::async, [&] { return client->send(post("/", "")); });
  entered.get_future().wait();
  server.reset();
  EXPECT_TRUE(left);
  EXPECT_EQ(code_of(answer.get()), "NET-CLOSED");
  EXPECT_FALSE(client->connected());
}

TEST_F(Exchange, BodyAndHeadersGoThereAndBack) {
  Handler handler([](const Connection&, const HttpRequest& request) {
    auto response =
        text_response(request.method + " " + request.target + " " + request.header("x-name") + " " +
                      std::string(as_text(request.body)));
    response.status = 201;
    response.headers = {{"Location", "/v1/things/7"}};
    return response;
  });
  const auto server = start(handler);
  auto request = post("/v1/things?dry=1", "content");
  request.headers = {{"X-Name", "seven"}};
  const auto answer = must(client_of(*server)->send(request));
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.content_type, "text/plain");
  EXPECT_EQ(as_text(answer.body), "POST /v1/things?dry=1 seven content");
  const auto location =
      std::ranges::find(answer.headers, "location", &std::pair<std::string, std::string>::first);
  ASSERT_NE(location, answer.headers.end());
  EXPECT_EQ(location->second, "/v1/things/7");
}

TEST_F(Exchange, LargeBodiesArriveWhole) {
  Handler handler(echo);
  auto settings = tls_server(authority_.server(), authority_.root());
  settings.max_body_bytes = 4 << 20;
  const auto server = serve(settings, handler);
  std::string body(3'000'001, '\0');
  for (std::size_t i = 0; i < body.size(); ++i)
    body[i] = static_cast<char>(octet_at(i));
  const auto answer = must(client_of(*server)->send(post("/", body)));
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(as_text(answer.body) == body);
}

TEST_F(Exchange, OneConnectionIsKept) {
  Handler handler(tell_id);
  const auto server = start(handler);
  const auto client = client_of(*server);
  const auto first = must(client->send(get("/"))).body;
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(must(client->send(post("/", "x"))).body, first);
  EXPECT_TRUE(client->connected());
  EXPECT_NE(must(client_of(*server)->send(get("/"))).body, first);
}

TEST_F(Exchange, ManyClientsAtOnce) {
  Handler handler(echo);
  const auto server = start(handler);
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      const auto client = client_of(*server);
      for (int i = 0; i < 20; ++i) {
        const auto text = std::to_string(t) + "/" + std::to_string(i);
        if (as_text(must(client->send(post("/", text))).body) == text) ++answered;
      }
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(answered, 160);
}

TEST_F(Exchange, OneClientServesSeveralThreads) {
  Handler handler(echo);
  const auto server = start(handler);
  const auto client = client_of(*server);
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const auto text = std::to_string(t) + "/" + std::to_string(i);
        if (as_text(must(client->send(post("/", text))).body) == text) ++answered;
        static_cast<void>(client->connected());
      }
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(answered, 80);
}

TEST_F(Exchange, DownloadOfManyMegabytesArrivesWhole) {
  constexpr std::uint64_t kSize = 20'000'003;
  Handler handler([](const Connection&, const HttpRequest&) { return streamed(kSize); });
  const auto server = start(handler);
  auto settings = tls_client(server->port(), authority_.root(), authority_.client());
  settings.max_body_bytes = 1000;  // does not bind what goes to the sink
  std::uint64_t received = 0;
  std::uint64_t wrong = 0;
  const auto client = connect(settings);
  const auto result = must(client->download(get("/"), [&](ByteView piece) {
    for (const auto octet : piece)
      if (octet != octet_at(received++)) ++wrong;
    return Result<void>{};
  }));
  EXPECT_EQ(result.status, 200);
  EXPECT_TRUE(result.body.empty());
  EXPECT_EQ(received, kSize);
  EXPECT_EQ(wrong, 0U);
  EXPECT_TRUE(client->connected());
}

TEST_F(Exchange, PipelinedRequestsAreAnsweredInTurn) {
  Handler handler([](const Connection&, const HttpRequest& request) {
    return text_response("<" + request.target + ">");
  });
  const auto server = serve(plain_server(), handler);
  const auto fd = dial(server->port());
  write_all(fd.get(),
            "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
            "GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const auto answers = read_to_end(fd.get());
  const auto first = answers.find("</1>");
  const auto second = answers.find("</2>");
  EXPECT_NE(second, std::string::npos);
  EXPECT_LT(first, second);
}

TEST_F(Exchange, CarefulClientIsToldToContinue) {
  Handler handler(echo);
  const auto server = serve(plain_server(), handler);
  const auto fd = dial(server->port());
  write_all(fd.get(),
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
            "Connection: close\r\n\r\n");
  EXPECT_EQ(read_until(fd.get(), "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  write_all(fd.get(), "hi");
  EXPECT_TRUE(read_to_end(fd.get()).ends_with("\r\n\r\nhi"));
}

}  // namespace
}  // namespace vedette::platform
