// A model's file from the real server, in one piece and after breaks.
#include "agent/contact.h"
#include "agent/model_files.h"
#include "codec/base64.h"
#include "platform/net/byte_range.h"
#include "platform/net/json_api.h"
#include "release/oms_bundle.h"
#include "release/release_approval.h"
#include "testing/tuf_scene.h"

#include "measured_device_fixture.h"

namespace vedette {
namespace {

class Download : public MeasuredDeviceOverTls {
 protected:
  explicit Download(const std::function<void(server::ServerConfig&)>& adjust =
                        [](server::ServerConfig&) {})
      : MeasuredDeviceOverTls(adjust) {
    publish();
    drone_ = enter("drone");
    EXPECT_EQ(attest(drone_, true), "ATT-NO-REFERENCE");
    learn_and_allow_models("drone");
    const auto verdict =
        ask(*drone_.client, "POST", "/v1/attestation/evidence", evidence(drone_, true));
    ear_ = verdict.string("ear").value_or("");
  }

  void publish() {
    upload(file_);
    EXPECT_EQ(post(*admin_, "/v1/releases", codec::to_json(release_of(file_, 1))), "");
    wanted_ = {crypto::sha256(file_), file_.size(), target_of(file_, 1)};
  }

  void upload(const Bytes& file) {
    EXPECT_EQ(code(admin_->send({.method = "PUT",
                                 .target = "/v1/blobs/" + to_hex(crypto::sha256(file)),
                                 .headers = {},
                                 .body = file})),
              "");
  }

  [[nodiscard]] Json release_of(const Bytes& file, std::uint64_t number) const {
    const auto digest = crypto::sha256(file);
    const auto manifest = release::build_manifest("model", {{"m.onnx", digest}});
    const release::ReleaseStatement statement{.model = *ModelName::parse("voice"),
                                              .number = number,
                                              .tier = release::Tier::high,
                                              .model_root = manifest->root,
                                              .file_name = "m.onnx",
                                              .file_sha256 = digest,
                                              .file_size = file.size(),
                                              .issued_at = from_unix_seconds(1'795'435'200)};
    Json body;
    body.set("bundle", *release::sign_model(*manifest, publisher_));
    body.set("statement", *release::sign_release_statement(statement, publisher_));
    return body;
  }

  static release::FileIdentity identity(const Bytes& file) {
    return {crypto::sha256(file), file.size()};
  }
  static std::string target_of(const Bytes& file, std::uint64_t number) {
    return "/v1/blobs/" + to_hex(crypto::sha256(file)) +
           "?model=voice&release=" + std::to_string(number);
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
    EXPECT_EQ(partial.received(identity(file_)), received);
  }
  const auto sealed = partial.complete(*drone_.client, ear_, wanted_, file_.size());
  ASSERT_TRUE(sealed.has_value()) << describe(sealed.error());
  const auto view = inference::ModelView::map(*sealed);
  EXPECT_TRUE(std::ranges::equal(view->bytes(), file_));
}

// Release 2, which differs from 1 in few octets, and the delta between them.
class DownloadByDelta : public Download {
 protected:
  DownloadByDelta() {
    for (std::size_t i = 0; i < newer_.size(); i += 1000)
      newer_[i] ^= 1U;
    EXPECT_TRUE(release::make_delta(file_, newer_, [&](ByteView piece) -> Result<void> {
                  append(delta_, piece);
                  return {};
                }).has_value());
  }
  [[nodiscard]] std::string statement(const Bytes& delta, const crypto::PrivateKey& key) const {
    return *release::sign_delta_statement({.model = "m.onnx",
                                           .base = identity(file_),
                                           .target = identity(newer_),
                                           .delta = identity(delta)},
                                          key);
  }
  std::string publish_newer(const std::string& envelope) {
    return post(*admin_, "/v1/releases",
                codec::to_json(release_of(newer_, 2).set("deltas", Json::Array{Json(envelope)})));
  }
  // What the server offers to a device that has `base`; its one statement, or none.
  std::string offered(const Bytes& base) {
    const auto response = drone_.client->send(
        platform::get_request("/v1/releases/voice?having=" + to_hex(crypto::sha256(base)), ear_));
    const auto answer = platform::read_json_answer(*response).value();
    EXPECT_EQ(answer.integer("release").value_or(0), 2);
    const Json* deltas = answer.find("deltas");
    return deltas == nullptr ? "" : *deltas->if_array()->at(0).if_string();
  }

  Bytes newer_ = file_;
  Bytes delta_;
};

TEST_F(DownloadByDelta, NoneIsPublishedThatIsMissingOrThatAStrangerSigned) {
  upload(newer_);
  EXPECT_EQ(publish_newer(statement(delta_, publisher_)), "REL-BLOB-MISSING");
  upload(delta_);
  EXPECT_EQ(publish_newer(statement(delta_, crypto::PrivateKey::generate_p256())),
            "DSSE-UNTRUSTED");
  Bytes longer = delta_;
  longer.push_back(0);
  EXPECT_EQ(publish_newer(statement(longer, publisher_)), "REL-BLOB-MISSING");
  EXPECT_EQ(get({}).status, 200) << "release 1 is the newest still, and given out";
  EXPECT_EQ(publish_newer(statement(delta_, publisher_)), "");
}

TEST_F(DownloadByDelta, IsOfferedToWhoeverHasItsBaseAndGivenOutAsAPartOfItsRelease) {
  upload(newer_);
  upload(delta_);
  const std::string envelope = statement(delta_, publisher_);
  ASSERT_EQ(publish_newer(envelope), "");
  EXPECT_EQ(offered(newer_), "");
  EXPECT_EQ(offered(file_), envelope);
  const auto status = [&](std::uint64_t number) {
    wanted_.target = target_of(delta_, number);
    return get({}).status;
  };
  EXPECT_EQ(status(1), 404) << "of another release";
  EXPECT_EQ(status(2), 200);
  ASSERT_EQ(post(*admin_, "/v1/releases/voice/2/block", R"({"reason":"biased"})"), "");
  EXPECT_EQ(status(2), 403);
}

TEST_F(DownloadByDelta, ADeviceFetchesTheDeltaAloneAndHasTheNewFile) {
  upload(newer_);
  upload(delta_);
  const std::string envelope = statement(delta_, publisher_);
  ASSERT_EQ(publish_newer(envelope), "");
  auto memory = inference::ModelWriter::create(file_.size()).value();
  ASSERT_TRUE(memory.append(file_).has_value());
  const agent::PresentFile present{identity(file_), std::make_shared<const inference::SealedModel>(
                                                        std::move(memory).seal().value())};
  agent::ModelFiles files;
  const std::array publishers{publisher_.public_key()};
  const auto got = files.obtain(*drone_.client, ear_,
                                {.model = *ModelName::parse("voice"),
                                 .number = 2,
                                 .file = identity(newer_),
                                 .deltas = {envelope}},
                                publishers, present, newer_.size());
  ASSERT_TRUE(got.has_value()) << describe(got.error());
  EXPECT_EQ(got->way, agent::Way::delta);
  EXPECT_EQ(got->fetched, delta_.size());
  EXPECT_LT(delta_.size(), newer_.size() / 20);
  const auto view = inference::ModelView::map(got->sealed);
  EXPECT_TRUE(std::ranges::equal(view->bytes(), newer_));
}

struct TufAuthor {
  SystemClock now;
  testing::TufScene scene{now};
};

// The server serves a TUF repository: what that does not list it gives to nobody.
class DownloadListed : protected TufAuthor, public Download {
 protected:
  DownloadListed()
      : Download([this](server::ServerConfig& config) { config.tuf.repository = scene.path(); }) {}

  std::string statement(std::uint64_t number) {
    const auto shown =
        admin_->send(platform::get_request("/v1/releases/voice/" + std::to_string(number)));
    return platform::read_json_answer(*shown)->string("statement").value_or("");
  }
  std::string newest() {
    return code(drone_.client->send(platform::get_request("/v1/releases/voice", ear_)));
  }
};

TEST_F(DownloadListed, IsRefusedBeforeItsPublisherListsItAndOnceItIsTakenBack) {
  EXPECT_EQ(newest(), "REL-UNLISTED");
  EXPECT_EQ(get({}).status, 403);
  scene.list("voice/1.json", "another statement");
  EXPECT_EQ(newest(), "REL-LISTED-OTHER");
  scene.list("voice/1.json", statement(1));
  EXPECT_EQ(newest(), "");
  EXPECT_EQ(get({}).status, 200);
  scene.take_back("voice/1.json");
  EXPECT_EQ(newest(), "REL-UNLISTED");
  EXPECT_EQ(get({}).status, 403);
}

TEST_F(DownloadListed, TheOneBeforeComesBackOnceWhatWasTakenBackIsBlocked) {
  scene.list("voice/1.json", statement(1));
  ASSERT_EQ(post(*admin_, "/v1/releases", codec::to_json(release_of(file_, 2))), "");
  scene.list("voice/2.json", statement(2));
  ASSERT_EQ(newest(), "");
  scene.take_back("voice/2.json");
  EXPECT_EQ(newest(), "REL-UNLISTED");
  EXPECT_EQ(get({}).status, 200) << "release 1 is listed still";
  ASSERT_EQ(post(*admin_, "/v1/releases/voice/2/block", R"({"reason":"taken back"})"), "");
  EXPECT_EQ(newest(), "");
}

class DownloadUnpublished : public Download {
 protected:
  DownloadUnpublished()
      : Download([](server::ServerConfig& config) {
          config.tuf.repository = config.state_folder + "/tuf-to-come";
        }) {}
};

TEST_F(DownloadUnpublished, ARepositoryThatHasPublishedNothingYetTakesNothingBack) {
  EXPECT_EQ(get({}).status, 200);
}

const crypto::PrivateKey& second_publisher() {
  static const auto kKey = crypto::PrivateKey::generate_p256();
  return kKey;
}

// The server gives it to nobody, whoever asks, before two publishers stand by it.
class DownloadForTwo : public Download {
 protected:
  DownloadForTwo()
      : Download([](server::ServerConfig& config) {
          const std::string path = config.state_folder + "/second.pub";
          EXPECT_TRUE(
              write_file_atomically(path, as_bytes(second_publisher().public_key().pem()), 0600)
                  .has_value());
          config.publisher_keys.push_back(path);
          config.two_person_tiers = {release::Tier::high};
        }) {}

  std::string approve(const std::string& approval, const std::string& release = "1") {
    return post(*admin_, "/v1/releases/voice/" + release + "/approval",
                codec::to_json(Json::Object{{"approval", approval}}));
  }
  [[nodiscard]] std::string approval_by(const crypto::PrivateKey& key) {
    const auto published = admin_->send(platform::get_request("/v1/releases/voice/1")).value();
    const auto answer = platform::read_json_answer(published).value();
    const auto release =
        release::verify_release(*answer.string("bundle"), *answer.string("statement"),
                                std::vector{publisher_.public_key()});
    return release::sign_release_approval(*release, key).value();
  }
  platform::HttpResponse newest() {
    return *drone_.client->send(platform::get_request("/v1/releases/voice", ear_));
  }
};

TEST_F(DownloadForTwo, NobodyGetsAReleaseBeforeAnotherPublisherApprovedIt) {
  EXPECT_EQ(newest().status, 404);
  EXPECT_EQ(get({}).status, 403);
  EXPECT_EQ(approve(approval_by(crypto::PrivateKey::generate_p256())), "DSSE-UNTRUSTED");
  EXPECT_EQ(approve("{}"), "DSSE-SYNTAX");
  EXPECT_EQ(approve(approval_by(second_publisher()), "2"), "HTTP-NOT-FOUND");
  EXPECT_EQ(newest().status, 404);
  const std::string approval = approval_by(second_publisher());
  ASSERT_EQ(approve(approval), "");
  const auto answer = platform::read_json_answer(newest());
  ASSERT_TRUE(answer.has_value()) << describe(answer.error());
  EXPECT_EQ(answer->string("approval").value_or(""), approval);
  EXPECT_EQ(get({}).status, 200);
}

TEST_F(DownloadForTwo, AnApprovalThatHoldsIsNotReplaced) {
  const std::string first = approval_by(second_publisher());
  ASSERT_EQ(approve(first), "");
  EXPECT_EQ(approve(approval_by(second_publisher())), "REL-APPROVED");
  EXPECT_EQ(platform::read_json_answer(newest())->string("approval").value_or(""), first);
}

TEST_F(DownloadForTwo, TheApprovalAndItsRefusalStandInTheLog) {
  ASSERT_NE(approve(approval_by(crypto::PrivateKey::generate_p256())), "");
  ASSERT_EQ(approve(approval_by(second_publisher())), "");
  const auto log = platform::read_json_answer(
      *admin_->send(platform::get_request("/v1/log/entries?start=0&count=64")));
  ASSERT_TRUE(log.has_value()) << describe(log.error());
  std::vector<std::string> outcomes;
  Json accepted;
  for (const Json& element : *log->find("entries")->if_array()) {
    const std::string text(as_text(codec::from_base64(*element.if_string()).value()));
    const Json entry = codec::parse_json(text).value();
    if (entry.string("kind") != "approve") continue;
    outcomes.push_back(*entry.string("verdict"));
    if (const Json* details = entry.find("details")) accepted = *details;
  }
  EXPECT_EQ(outcomes, (std::vector<std::string>{"refused", "accepted"}));
  EXPECT_EQ(accepted.string("approved_by").value_or(""),
            to_hex(second_publisher().public_key().spki_sha256()));
  EXPECT_EQ(accepted.string("statement_sha256").value_or("").size(), 64U);
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
