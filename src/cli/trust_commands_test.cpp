#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/canned_server.h"
#include "crypto/authority_sample.h"

namespace vedette::cli {
namespace {

class TrustEkRoots : public ::testing::Test {
 protected:
  TrustEkRoots() {
    std::filesystem::create_directories(desk_.path("makers"));
    desk_.server.answer("POST /v1/endorsement-roots", "{}");
  }
  Outcome import(const std::string& path, std::vector<std::string> more = {}) {
    std::vector<std::string> line{"trust", "ek-roots", "import", path, "--group", "gates"};
    line.insert(line.end(), more.begin(), more.end());
    return desk_.run_json(line);
  }

  Desk desk_;
};

TEST_F(TrustEkRoots, SendsNothingOfAFolderWithSomethingElse) {
  EXPECT_EQ(import(desk_.path("makers")).refusal(), "CLI-ROOT") << "it is empty";
  desk_.write("makers/a.pem", desk_.read("operator/roots.pem"));
  desk_.write("makers/b.pem", "hello");
  EXPECT_EQ(import(desk_.path("makers")).refusal(), "CERT-SYNTAX");
  const crypto::AuthoritySample maker;
  const auto key = crypto::PrivateKey::generate_p256();
  desk_.write("makers/b.pem",
              maker.issue(crypto::AuthoritySample::client_profile(), key.public_key())->pem());
  const Outcome leaf = import(desk_.path("makers"));
  EXPECT_EQ(leaf.refusal(), "CLI-ROOT");
  EXPECT_EQ(leaf.code, 2);
  EXPECT_NE(leaf.out.find("b.pem"), std::string::npos) << "it names the file";
  EXPECT_TRUE(desk_.server.requests().empty());
  EXPECT_NE(import(desk_.path("nowhere")).code, 0);
}

TEST_F(TrustEkRoots, SendsAllOfAFolderOnce) {
  const std::string pem = desk_.read("operator/roots.pem");
  const auto root = crypto::Certificate::from_pem(pem).value();
  desk_.write("makers/a.pem", pem + pem);
  const crypto::AuthoritySample maker;
  desk_.write("makers/ISSUER.CER", std::string(as_text(maker.issuing.der())));
  desk_.write("makers/b.der", std::string(as_text(root.der())));
  desk_.write("makers/README", "not looked at");
  const Outcome outcome =
      import(desk_.path("makers"), {"--tolerate-sha1", "--sku", "mk1", "--key", "pkcs11"});
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  const auto told = outcome.json();
  EXPECT_EQ(told.array("authorities").value()->if_array()->size(), 2U);
  const std::string list = codec::to_json(*told.find("authorities"));
  EXPECT_NE(list.find(R"("root":true)"), std::string::npos);
  EXPECT_NE(list.find(R"("root":false)"), std::string::npos) << "an issuer is no anchor";
  const std::string sent = desk_.server.requests().back();
  EXPECT_NE(sent.find(R"("sha1_signature":true)"), std::string::npos) << sent;
  EXPECT_NE(sent.find(R"("sku":"mk1")"), std::string::npos);
  EXPECT_NE(sent.find(R"("keys":["pkcs11"])"), std::string::npos) << sent;
}

TEST_F(TrustEkRoots, TakesAVendorStoreAsItIsPublished) {
  const std::string store = VEDETTE_VECTORS "/ek-cert/vendor-store";
  if (!std::filesystem::exists(store)) GTEST_SKIP() << "no vectors in " << store;
  const Outcome outcome = import(store);
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  const auto told = outcome.json();
  EXPECT_GE(told.array("authorities").value()->if_array()->size(), 40U) << "each once";
}

TEST_F(TrustEkRoots, RemovesNothingByHalfADigest) {
  const std::string digest(64, 'a');
  const auto remove = [&](const std::string& what, const std::string& group) {
    return desk_.run_json({"trust", "ek-roots", "remove", what, "--group", group}).refusal();
  };
  EXPECT_EQ(remove(digest.substr(0, 16), "gates"), "HEX-SYNTAX");
  EXPECT_EQ(remove(digest.substr(0, 63), "gates"), "HEX-SYNTAX");
  EXPECT_EQ(remove(digest, "../gates"), "NAME-FORMAT");
  EXPECT_EQ(desk_.run_json({"trust", "ek-roots", "remove", digest}).code, 2) << "of which group?";
  EXPECT_TRUE(desk_.server.requests().empty());
}

TEST_F(TrustEkRoots, SaysWhoGoesOnWhenOneWasRemoved) {
  const std::string digest(64, 'a');
  const auto remove = [&](const std::string& answer) {
    desk_.server.answer("POST /v1/endorsement-roots/remove", answer);
    return desk_.run({"trust", "ek-roots", "remove", digest, "--group", "gates"}).out;
  };
  using ::testing::HasSubstr;
  using ::testing::Not;
  const std::string still =
      remove(R"({"root":true,"devices":3,"still_in_groups":["docks","yards"]})");
  EXPECT_THAT(still, HasSubstr("it still stands for docks, yards"));
  EXPECT_THAT(still, HasSubstr("3 devices get no further certificate"));
  EXPECT_EQ(desk_.server.requests().back(),
            R"(POST /v1/endorsement-roots/remove {"group":"gates","sha256":")" + digest + "\"}");
  const std::string issuer = remove(R"({"root":false,"devices":0,"still_in_groups":[]})");
  EXPECT_THAT(issuer, HasSubstr("stays admitted by its root"));
  EXPECT_THAT(issuer, Not(HasSubstr("no further")));
  const std::string gone = remove(R"({"root":true,"devices":12,"still_in_groups":[]})");
  EXPECT_THAT(gone, HasSubstr("12 devices get no further certificate"));
  EXPECT_THAT(gone, HasSubstr("vedette device revoke"));
}

TEST_F(TrustEkRoots, ListsWhatCanBeRemoved) {
  desk_.server.answer("GET /v1/endorsement-roots", R"({"roots":[]})");
  EXPECT_THAT(desk_.run({"trust", "ek-roots", "list"}).out,
              ::testing::HasSubstr("no maker is admitted"));
  const std::string digest(64, 'b');
  desk_.server.answer("GET /v1/endorsement-roots", R"({"roots":[{"group":"gates","sha256":")" +
                                                       digest +
                                                       R"(","subject":"CN=Maker","root":true}]})");
  const std::string shown = desk_.run({"trust", "ek-roots", "list"}).out;
  EXPECT_THAT(shown, ::testing::HasSubstr(digest)) << "the whole of it: 'remove' wants it";
  EXPECT_THAT(shown, ::testing::HasSubstr("CN=Maker"));
}

}  // namespace
}  // namespace vedette::cli
