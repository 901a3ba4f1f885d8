#include "platform/tuf/http_fetcher.h"

#include <atomic>

#include <gtest/gtest.h>

#include "platform/net/beast/beast_http.h"

namespace vedette::platform {
namespace {

using namespace std::chrono_literals;

// Answers by the last part of the path.
class Server final : public HttpHandler {
 public:
  HttpResponse handle(const Connection& /*connection*/, const HttpRequest& request) override {
    ++asked;
    HttpResponse response;
    response.body = to_bytes("body of " + request.target);
    if (request.target == "/forbidden") response.status = 403;
    if (request.target == "/missing") response.status = 404;
    if (request.target == "/broken") response.status = 500;
    if (request.target == "/moved") {
      response.status = 302;
      response.headers.emplace_back("location", "/there");
    }
    return response;
  }

  std::atomic<int> asked = 0;
};

class TufHttpFetcher : public ::testing::Test {
 protected:
  std::string fetch(const std::string& url, std::chrono::seconds within = 20s) {
    got_.clear();
    const auto done = fetcher_.fetch(url, within, [&](ByteView piece) -> Result<void> {
      got_ += as_text(piece);
      return {};
    });
    return done ? "" : done.error().code;
  }

  Server handler_;
  std::unique_ptr<HttpFactory> http_ = make_beast_http();
  std::unique_ptr<HttpServer> server_ = *http_->serve({}, handler_);
  std::string base_ = "http://127.0.0.1:" + std::to_string(server_->port());
  HttpFetcher fetcher_{*http_, {}};
  std::string got_;
};

TEST_F(TufHttpFetcher, RefusesWhatIsNotThere) {
  EXPECT_EQ(fetch(base_ + "/missing"), "TUF-NOT-FOUND");
  EXPECT_EQ(fetch(base_ + "/forbidden"), "TUF-NOT-FOUND");
  EXPECT_EQ(fetch(base_ + "/broken"), "TUF-STATUS");
  EXPECT_EQ(fetch(base_ + "/moved"), "TUF-STATUS") << "no redirect is followed";
  EXPECT_EQ(got_, "") << "no error page is taken for the file";
}

TEST_F(TufHttpFetcher, RefusesWhatComesTooSlowly) {
  EXPECT_EQ(fetch(base_ + "/file", 0s), "TUF-SLOW");
}

TEST_F(TufHttpFetcher, RefusesImproperUrls) {
  for (const char* bad : {"", "ftp://h/x", "http://", "http://h", "http:///x", "http://h:0/x",
                          "http://h:99999/x", "http://h:x/x", "http://user@h/x", "/x"})
    EXPECT_EQ(fetch(bad), "TUF-URL") << bad;
  EXPECT_EQ(fetch("http://192.0.2.1/x"), "NET-TLS") << "plain HTTP is for loopback";
  EXPECT_EQ(fetch("https://127.0.0.1/x"), "NET-TLS") << "and TLS has no anchors of its own";
}

TEST_F(TufHttpFetcher, PassesOnTheSinksRefusal) {
  const auto done =
      fetcher_.fetch(base_ + "/file", 20s, [](ByteView) { return refuse("TEST-NO", "enough"); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "TEST-NO");
}

// Metadata and targets may be at different servers.
TEST_F(TufHttpFetcher, AsksTheServerThatTheUrlNames) {
  Server handler;
  const std::unique_ptr<HttpServer> server = *http_->serve({}, handler);
  EXPECT_EQ(fetch(base_ + "/file"), "");
  EXPECT_EQ(fetch("http://127.0.0.1:" + std::to_string(server->port()) + "/file"), "");
  EXPECT_EQ(handler_.asked, 1);
  EXPECT_EQ(handler.asked, 1);
}

TEST_F(TufHttpFetcher, HandsOverTheBody) {
  EXPECT_EQ(fetch(base_ + "/dir/file?x"), "");
  EXPECT_EQ(got_, "body of /dir/file?x");
  EXPECT_EQ(fetch("http://localhost:" + std::to_string(server_->port()) + "/a"), "");
  EXPECT_EQ(got_, "body of /a");
}

}  // namespace
}  // namespace vedette::platform
