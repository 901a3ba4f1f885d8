// What publishers may put into the registry.
#include "codec/json.h"
#include "release/oms_bundle.h"
#include "release/release_statement.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

class Publish : public ControlPlane {
 protected:
  struct Documents {
    std::string bundle;
    std::string statement;
  };

  Documents signed_release(std::uint64_t number, const crypto::PrivateKey& key) const {
    const auto digest = crypto::sha256(model_);
    auto manifest = release::build_manifest("model", {{"m.onnx", digest}});
    const release::ReleaseStatement statement{.model = *ModelName::parse("voice"),
                                              .number = number,
                                              .tier = release::Tier::high,
                                              .model_root = manifest->root,
                                              .file_name = "m.onnx",
                                              .file_sha256 = digest,
                                              .file_size = model_.size(),
                                              .issued_at = from_unix_seconds(1'795'435'200)};
    return {*release::sign_model(*manifest, key), *release::sign_release_statement(statement, key)};
  }

  std::string publish(const Documents& documents) {
    codec::Json body;
    body.set("bundle", documents.bundle).set("statement", documents.statement);
    return post(*admin_, "/v1/releases", codec::to_json(body));
  }

  std::string upload(const std::string& name) {
    return code(admin_->send(
        {.method = "PUT", .target = "/v1/blobs/" + name, .headers = {}, .body = model_}));
  }

  Bytes model_ = to_bytes("not a model, but bytes with a digest");
  Client admin_ = operator_client();
};

TEST_F(Publish, RefusesAStrangersSignature) {
  EXPECT_EQ(publish(signed_release(1, crypto::PrivateKey::generate_p256())), "OMS-UNTRUSTED");
}

TEST_F(Publish, RefusesAStatementByAnotherThanTheBundlesKind) {
  Documents mixed = signed_release(1, publisher_);
  mixed.statement = signed_release(1, crypto::PrivateKey::generate_p256()).statement;
  EXPECT_NE(publish(mixed), "");
}

TEST_F(Publish, RefusesAReleaseWhoseFileIsMissing) {
  EXPECT_EQ(publish(signed_release(1, publisher_)), "REL-BLOB-MISSING");
}

TEST_F(Publish, RefusesAFileThatIsNotWhatItsNameSays) {
  EXPECT_EQ(upload(std::string(64, 'a')), "BLOB-DIGEST");
  EXPECT_EQ(upload("..%2fserver.db"), "HEX-SYNTAX");
}

TEST_F(Publish, NumbersOnlyRise) {
  ASSERT_EQ(upload(to_hex(crypto::sha256(model_))), "");
  EXPECT_EQ(publish(signed_release(2, publisher_)), "");
  EXPECT_EQ(publish(signed_release(2, publisher_)), "REL-EXISTS");
  EXPECT_EQ(publish(signed_release(1, publisher_)), "REL-EXISTS");
  EXPECT_EQ(publish(signed_release(3, publisher_)), "");
}

TEST_F(Publish, EveryDecisionIsInTheLogRefusalsToo) {
  ASSERT_EQ(upload(to_hex(crypto::sha256(model_))), "");
  EXPECT_EQ(publish(signed_release(1, crypto::PrivateKey::generate_p256())), "OMS-UNTRUSTED");
  EXPECT_EQ(publish(signed_release(1, publisher_)), "");
  const auto status =
      platform::read_json_answer(*admin_->send(platform::get_request("/v1/status")));
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(*status->integer("log_size"), 2);
  EXPECT_EQ(get(*admin_, "/v1/log/checkpoint"), "");
}

}  // namespace
}  // namespace vedette
