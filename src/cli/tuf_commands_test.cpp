#include <filesystem>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include "base/fd.h"
#include "cli/canned_server.h"
#include "codec/json.h"

namespace vedette::cli {
namespace {

using Line = std::vector<std::string>;

class TufCommands : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* key : {"r1", "r2", "t", "o", "p", "o2"})
      ASSERT_EQ(desk.run({"key", "generate", desk.path(key), "--insecure-unencrypted"}).code, 0);
    desk.write("file", "content");
  }
  [[nodiscard]] std::string repository() const { return desk.path("repo"); }
  [[nodiscard]] std::string pub(const std::string& key) const { return desk.path(key + ".pub"); }

  std::string init() {
    return desk
        .run_json({"tuf", "init", repository(), "--root-key", pub("r1"), "--root-key", pub("r2"),
                   "--root-threshold", "2", "--targets-key", pub("t"), "--online-key", pub("o")})
        .refusal();
  }
  std::string sign(const std::string& role, const Line& keys) {
    Line line{"tuf", "sign", desk.path("repo/staged/" + role + ".json")};
    for (const auto& key : keys)
      line.insert(line.end(), {"--key", desk.path(key)});
    return desk.run_json(line).refusal();
  }
  std::string publish(const std::string& key = "o") {
    return desk.run_json({"tuf", "publish", repository(), "--key", desk.path(key)}).refusal();
  }
  void begin() {
    ASSERT_EQ(init(), "");
    ASSERT_EQ(sign("root", {"r1", "r2"}), "");
    ASSERT_EQ(sign("targets", {"t"}), "");
    ASSERT_EQ(publish(), "");
  }
  [[nodiscard]] bool serves(const std::string& file) const {
    return std::filesystem::exists(desk.path("repo/metadata/" + file));
  }

  Desk desk;
};

TEST_F(TufCommands, RefuseAFolderThatIsNoRepositoryOrNotEmpty) {
  EXPECT_EQ(publish(), "TUF-FOLDER");
  std::filesystem::create_directory(repository());
  EXPECT_EQ(publish(), "TUF-FOLDER");
  desk.write("repo/precious", "x");
  EXPECT_EQ(init(), "TUF-FOLDER");
  EXPECT_EQ(desk.read("repo/precious"), "x");
}

TEST_F(TufCommands, RefuseToWorkBesideAnotherProcess) {
  begin();
  const UniqueFd other{::open(repository().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
  EXPECT_EQ(publish(), "TUF-LOCKED");
}

TEST_F(TufCommands, PublishNothingThatTooFewHaveSigned) {
  ASSERT_EQ(init(), "");
  EXPECT_EQ(publish(), "TUF-SIGNATURES");
  ASSERT_EQ(sign("root", {"r1"}), "");
  ASSERT_EQ(sign("targets", {"t"}), "");
  EXPECT_EQ(publish(), "TUF-SIGNATURES") << "one of two";
  ASSERT_EQ(sign("root", {"r2"}), "");
  EXPECT_EQ(publish("p"), "TUF-SIGNATURES") << "not the online key";
  EXPECT_TRUE(std::filesystem::is_empty(desk.path("repo/metadata")));
  EXPECT_EQ(publish(), "");
  EXPECT_TRUE(serves("1.root.json") && serves("1.targets.json") && serves("1.snapshot.json") &&
              serves("timestamp.json"));
  EXPECT_TRUE(std::filesystem::is_empty(desk.path("repo/staged")));
}

TEST_F(TufCommands, ListNoTargetWhoseFileIsAnother) {
  begin();
  ASSERT_EQ(desk.run_json({"tuf", "add-target", repository(), "voice/1.json", desk.path("file")})
                .refusal(),
            "");
  ASSERT_EQ(sign("targets", {"t"}), "");
  const std::string served =
      "repo/targets/voice/" + to_hex(crypto::sha256(as_bytes("content"))) + ".1.json";
  EXPECT_EQ(desk.read(served), "content");
  desk.write(served, "CONTENT");
  EXPECT_EQ(publish(), "TUF-TARGET-FILE");
  std::filesystem::remove(desk.path(served));
  EXPECT_EQ(publish(), "TUF-TARGET-FILE");
  desk.write(served, "content");
  EXPECT_EQ(publish(), "");
  EXPECT_EQ(desk.run_json({"tuf", "add-target", repository(), "../x", desk.path("file")}).refusal(),
            "TUF-TARGET-NAME");
  EXPECT_FALSE(std::filesystem::exists(desk.path("repo/x")));
}

// Clients ask for all that is listed, not only for what is new.
TEST_F(TufCommands, ListNoPublishedTargetWhoseFileIsGoneOrCutShort) {
  begin();
  Line add{"tuf", "add-target", repository(), "voice/1.json", desk.path("file")};
  ASSERT_EQ(desk.run_json(add).refusal(), "");
  ASSERT_EQ(sign("targets", {"t"}), "");
  ASSERT_EQ(publish(), "");
  const std::string served =
      "repo/targets/voice/" + to_hex(crypto::sha256(as_bytes("content"))) + ".1.json";
  add[3] = "voice/2.json";
  ASSERT_EQ(desk.run_json(add).refusal(), "");
  ASSERT_EQ(sign("targets", {"t"}), "");
  std::filesystem::remove(desk.path(served));
  EXPECT_EQ(publish(), "TUF-TARGET-FILE") << "gone";
  std::filesystem::create_directory(desk.path(served));
  EXPECT_EQ(publish(), "TUF-TARGET-FILE") << "no file";
  std::filesystem::remove(desk.path(served));
  desk.write(served, "conten");
  EXPECT_EQ(publish(), "TUF-TARGET-FILE") << "cut short";
  desk.write(served, "content");
  EXPECT_EQ(publish(), "");
}

// The same digest and another length: no client could have both.
TEST_F(TufCommands, ListNoPublishedTargetUnderAnotherLength) {
  begin();
  const Line add{"tuf", "add-target", repository(), "voice/1.json", desk.path("file")};
  ASSERT_EQ(desk.run_json(add).refusal(), "");
  ASSERT_EQ(sign("targets", {"t"}), "");
  ASSERT_EQ(publish(), "");
  ASSERT_EQ(desk.run_json(add).refusal(), "");
  std::string staged = desk.read("repo/staged/targets.json");
  const std::string length = R"("length": 7)";
  ASSERT_NE(staged.find(length), std::string::npos) << staged;
  desk.write("repo/staged/targets.json",
             staged.replace(staged.find(length), length.size(), R"("length": 8)"));
  ASSERT_EQ(sign("targets", {"t"}), "");
  EXPECT_EQ(publish(), "TUF-TARGET-FILE");
}

TEST_F(TufCommands, APublicationTakesAwayOnlyWhatItPublished) {
  ASSERT_EQ(init(), "");
  ASSERT_EQ(sign("root", {"r1", "r2"}), "");
  ASSERT_EQ(sign("targets", {"t"}), "");
  desk.write("repo/staged/notes.txt", "who signed what");
  std::filesystem::create_directory(desk.path("repo/staged/older"));
  EXPECT_EQ(publish(), "");
  EXPECT_EQ(desk.read("repo/staged/notes.txt"), "who signed what");
  EXPECT_TRUE(std::filesystem::exists(desk.path("repo/staged/older")));
  EXPECT_FALSE(std::filesystem::exists(desk.path("repo/staged/root.json")));
  EXPECT_FALSE(std::filesystem::exists(desk.path("repo/staged/targets.json")));
}

TEST_F(TufCommands, AnEditDropsTheSignaturesThatWereOverSomethingElse) {
  begin();
  const Line add{"tuf", "add-target", repository(), "voice/1.json", desk.path("file")};
  ASSERT_EQ(desk.run_json(add).refusal(), "");
  ASSERT_EQ(sign("targets", {"t"}), "");
  ASSERT_EQ(desk.run_json({"tuf", "remove-target", repository(), "voice/1.json"}).refusal(), "");
  EXPECT_EQ(publish(), "TUF-SIGNATURES");
  ASSERT_EQ(sign("targets", {"t"}), "");
  EXPECT_EQ(publish(), "");
  EXPECT_TRUE(serves("2.targets.json"));
  EXPECT_FALSE(serves("3.targets.json")) << "both edits were of one version";
}

TEST_F(TufCommands, APublishersRoleSpeaksOfItsPathsOnly) {
  begin();
  ASSERT_EQ(desk.run_json({"tuf", "delegate", repository(), "voice", "--key", pub("p"), "--path",
                           "voice/*"})
                .refusal(),
            "");
  ASSERT_EQ(sign("targets", {"t"}), "");
  EXPECT_EQ(publish(), "TUF-SIGNATURES") << "the role has not signed its first version";
  Line add{"tuf", "add-target", repository(), "gauge/1", desk.path("file"), "--role", "voice"};
  ASSERT_EQ(desk.run_json(add).refusal(), "");
  ASSERT_EQ(sign("voice", {"p"}), "");
  EXPECT_EQ(publish(), "TUF-PATH");
  ASSERT_EQ(
      desk.run_json({"tuf", "remove-target", repository(), "gauge/1", "--role", "voice"}).refusal(),
      "");
  add[3] = "voice/1";
  ASSERT_EQ(desk.run_json(add).refusal(), "");
  ASSERT_EQ(sign("voice", {"p"}), "");
  EXPECT_EQ(publish(), "");
  EXPECT_TRUE(serves("1.voice.json"));
  EXPECT_EQ(
      desk.run_json({"tuf", "add-target", repository(), "x", desk.path("file"), "--role", "nobody"})
          .refusal(),
      "TUF-ROLE");
  ASSERT_EQ(desk.run_json({"tuf", "delegate", repository(), "voice", "--remove"}).refusal(), "");
  ASSERT_EQ(sign("targets", {"t"}), "");
  EXPECT_EQ(publish(), "");
}

TEST_F(TufCommands, RotateTakesTheOldKeysWordAndTheNewOnes) {
  begin();
  ASSERT_EQ(
      desk.run_json({"tuf", "rotate", repository(), "timestamp", "--key", pub("o2")}).refusal(),
      "");
  ASSERT_EQ(
      desk.run_json({"tuf", "rotate", repository(), "snapshot", "--key", pub("o2")}).refusal(), "");
  ASSERT_EQ(sign("root", {"r1", "r2"}), "");
  EXPECT_EQ(publish("o"), "TUF-SIGNATURES");
  EXPECT_EQ(publish("o2"), "");
  EXPECT_TRUE(serves("2.root.json") && serves("2.snapshot.json"));
  EXPECT_EQ(publish("o2"), "");
  EXPECT_FALSE(serves("3.snapshot.json")) << "a renewal is a timestamp";
}

// Killed after its last file: what is still staged is what is published.
TEST_F(TufCommands, APublicationThatWasCutOffIsDoneAgain) {
  ASSERT_EQ(init(), "");
  ASSERT_EQ(sign("root", {"r1", "r2"}), "");
  ASSERT_EQ(sign("targets", {"t"}), "");
  const std::string root = desk.read("repo/staged/root.json");
  const std::string targets = desk.read("repo/staged/targets.json");
  desk.write("repo/metadata/1.root.json", root);
  EXPECT_EQ(publish(), "") << "cut off after the root";
  desk.write("repo/staged/root.json", root);
  desk.write("repo/staged/targets.json", targets);
  EXPECT_EQ(publish(), "") << "cut off before the staged files went";
  EXPECT_FALSE(serves("2.root.json") || serves("2.targets.json"));
  EXPECT_TRUE(std::filesystem::is_empty(desk.path("repo/staged")));
}

TEST_F(TufCommands, ShowWhatIsPublishedAndWhatIsStaged) {
  begin();
  ASSERT_EQ(desk.run_json({"tuf", "add-target", repository(), "voice/1.json", desk.path("file")})
                .refusal(),
            "");
  const codec::Json shown = desk.run_json({"tuf", "show", repository()}).json();
  const codec::Json& root = *shown.find("published")->find("root");
  EXPECT_EQ(root.integer("version").value_or(0), 1);
  EXPECT_EQ(root.find("signatures")->if_array()->size(), 2U);
  const codec::Json& staged = *shown.find("staged")->find("targets");
  EXPECT_EQ(staged.integer("version").value_or(0), 2);
  EXPECT_TRUE(staged.find("signatures")->if_array()->empty());
  EXPECT_EQ(staged.find("targets")->if_array()->front(), codec::Json("voice/1.json"));
  const std::string text = desk.run({"tuf", "show", repository()}).out;
  EXPECT_NE(text.find("ROLE"), std::string::npos);
  EXPECT_NE(text.find("staged"), std::string::npos);
}

}  // namespace
}  // namespace vedette::cli
