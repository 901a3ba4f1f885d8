// A model's file from the real server, in one piece and after breaks.
#include "agent/contact.h"
#include "agent/partial_download.h"
#include "platform/net/byte_range.h"
#include "release/oms_bundle.h"
#include "release/release_statement.h"

#include "measured_device_fixture.h"

namespace vedette {
namespace {

class Download : public MeasuredDeviceOverTls {
 protected:
  Download() {
    publish();
    drone_ = enter("drone");
    EXPECT_EQ(attest(drone_, true), "ATT-NO-REFERENCE");
    learn_and_allow_models("drone");
    const auto verdict =
        ask(*drone_.client, "POST", "/v1/attestation/evidence", evidence(drone_, true));
    ear_ = verdict.string("ear").value_or("");
  }

  void publish() {
    const auto digest = crypto::sha256(file_);
    const auto manifest = release::build_manifest("model", {{"m.onnx", digest}});
    const release::ReleaseStatement statement{.model = *ModelName::parse("voice"),
                                              .number = 1,
                                              .tier = release::Tier::high,
                                              .model_root = manifest->root,
                                              .file_name = "m.onnx",
                                              .file_sha256 = digest,
                                              .file_size = file_.size(),
                                              .issued_at = from_unix_seconds(1'795'435'200)};
    Json body;
    body.set("bundle", *release::sign_model(*manifest, publisher_));
    body.set("statement", *release::sign_release_statement(statement, publisher_));
    EXPECT_EQ(code(admin_->send({.method = "PUT",
                                 .target = "/v1/blobs/" + to_hex(digest),
                                 .headers = {},
                                 .body = file_})),
              "");
    EXPECT_EQ(post(*admin_, "/v1/releases", codec::to_json(body)), "");
    wanted_ = {digest, file_.size(), "/v1/blobs/" + to_hex(digest) + "?model=voice&release=1"};
  }

  platform::HttpResponse get(const std::vector<std::pair<std::string, std::string>>& headers) {
    auto request = platform::get_request(wanted_.target, ear_);
    for (const auto& header : headers)
      request.headers.push_back(header);
    return *drone_.client->send(request);
  }

  static std::string header(const platform::HttpResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return {};
  }

  Bytes file_ = crypto::random_bytes(1'000'003);
  agent::WantedFile wanted_;
  Device drone_;
  std::string ear_;
};

// The real connection, cut in the middle of a body.
class CutClient final : public platform::HttpClient {
 public:
  CutClient(platform::HttpClient& inner, std::uint64_t octets) : inner_(inner), left_(octets) {}

  Result<platform::HttpResponse> send(const platform::HttpRequest& request) override {
    return inner_.send(request);
  }
  Result<platform::HttpResponse> download(
      const platform::HttpRequest& request,
      const std::function<Result<void>(ByteView)>& sink) override {
    return inner_.download(request, [&](ByteView piece) -> Result<void> {
      VEDETTE_CHECK(sink(piece.first(std::min<std::uint64_t>(piece.size(), left_))));
      left_ -= std::min<std::uint64_t>(piece.size(), left_);
      if (left_ == 0) return refuse("NET-CLOSED", "cut");
      return {};
    });
  }
  Result<Bytes> channel_binding() override { return inner_.channel_binding(); }
  bool connected() override { return inner_.connected(); }

 private:
  platform::HttpClient& inner_;
  std::uint64_t left_;
};

TEST_F(Download, APartIsRefusedToWhoeverMayNotHaveTheWhole) {
  ear_.clear();
  EXPECT_EQ(get({{"range", "bytes=5-"}}).status, 403);
}

TEST_F(Download, APartBehindTheEndIsRefused) {
  EXPECT_EQ(get({{"range", "bytes=1000003-"}}).status, 416);
}

TEST_F(Download, APartIsThatPart) {
  const auto part = get({{"range", "bytes=1000000-"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(header(part, "content-range"), "bytes 1000000-1000002/1000003");
  EXPECT_TRUE(std::ranges::equal(part.body, ByteView(file_).last(3)));
  const auto middle = get({{"range", "bytes=7-9"}});
  EXPECT_TRUE(std::ranges::equal(middle.body, ByteView(file_).subspan(7, 3)));
  const auto whole = get({{"range", "bytes=7-"}, {"if-range", "\"another\""}});
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, file_);
  EXPECT_EQ(header(whole, "etag"), '"' + to_hex(wanted_.sha256) + '"');
}

TEST_F(Download, GoesOnAfterBreaksWithWhatIsThere) {
  agent::PartialDownload partial;
  std::uint64_t received = 0;
  for (const std::uint64_t octets : {1UL, 300'000UL, 70'000UL}) {
    CutClient cut(*drone_.client, octets);
    EXPECT_EQ(partial.complete(cut, ear_, wanted_, file_.size()).error().code, "NET-CLOSED");
    received += octets;
    EXPECT_EQ(partial.received(), received);
  }
  const auto sealed = partial.complete(*drone_.client, ear_, wanted_, file_.size());
  ASSERT_TRUE(sealed.has_value()) << describe(sealed.error());
  const auto view = inference::ModelView::map(*sealed);
  EXPECT_TRUE(std::ranges::equal(view->bytes(), file_));
}

TEST_F(Download, ABlockedReleaseIsToldAtTheNextContactAndGivenToNobody) {
  const ModelName voice = *ModelName::parse("voice");
  const std::vector<agent::RunningModel> running{{voice, 1}, {*ModelName::parse("unknown"), 7}};
  EXPECT_EQ(
      code(drone_.client->send(platform::get_request("/v1/attestation/wanted?running=voice:none"))),
      "HTTP-QUERY");
  auto contact = agent::make_contact(*drone_.client, running);
  ASSERT_TRUE(contact.has_value()) << describe(contact.error());
  EXPECT_TRUE(contact->blocked.empty());
  ASSERT_EQ(post(*admin_, "/v1/releases/voice/1/block", R"({"reason":"biased"})"), "");
  contact = agent::make_contact(*drone_.client, running);
  ASSERT_TRUE(contact.has_value()) << describe(contact.error());
  ASSERT_EQ(contact->blocked.size(), 1U);
  EXPECT_EQ(contact->blocked.front().model, voice);
  EXPECT_EQ(get({}).status, 403);
}

}  // namespace
}  // namespace vedette
