#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/json.h"

namespace vedette {
namespace {

struct Played {
  int status = -1;
  std::string output;
};

Played play(const std::string& prefix, const std::string& options = {}) {
  const std::string command = prefix + VEDETTE_BIN_DIR "/vedette demo -o json " + options + " 2>&1";
  Played played;
  FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return played;
  std::array<char, 4096> chunk{};
  std::size_t got = 0;
  while ((got = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0)
    played.output.append(chunk.data(), got);
  const int status = ::pclose(pipe);
  played.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return played;
}

bool parts_are_missing() {
  namespace fs = std::filesystem;
  return !fs::exists("/usr/bin/swtpm") || !fs::exists("/usr/share/pocketsphinx/test/data");
}

// What must have been refused, in the order of the play.
constexpr std::array kRefusals{"ENR-EK-UNKNOWN",   "ATT-NO-REFERENCE",   "REL-DIGEST",
                               "OMS-UNTRUSTED",    "AUTH-FORBIDDEN",     "ATT-NONCE-UNKNOWN",
                               "AUTH-QUARANTINED", "SBX-SYSCALL-DENIED", "SBX-SYSCALL-DENIED",
                               "ATT-PCR-MISMATCH", "AUTH-REVOKED"};

void expect_the_whole_play(const Played& played) {
  ASSERT_EQ(played.status, 0) << played.output;
  const auto summary = codec::parse_json(played.output);
  ASSERT_TRUE(summary.has_value()) << played.output;
  std::vector<std::string> refused;
  for (const codec::Json& step : *(*summary->array("steps"))->if_array())
    if (*step.string("outcome") == "refused")
      refused.push_back(*(*step.object("detail"))->string("code"));
  EXPECT_EQ(refused, std::vector<std::string>(kRefusals.begin(), kRefusals.end()));
  EXPECT_LE(*summary->integer("milliseconds"), 60'000);
}

TEST(Demo, RefusesToPlayWithoutItsParts) {
  const Played played = play("", "--recording /nowhere.wav");
  EXPECT_EQ(played.status, 1);
  EXPECT_NE(played.output.find("DEMO-MATERIAL"), std::string::npos) << played.output;
}

TEST(Demo, PlaysTheWholeChainAndEveryAttack) {
  if (parts_are_missing()) GTEST_SKIP() << "swtpm or pocketsphinx-testdata is not installed";
  expect_the_whole_play(play(""));
}

TEST(Demo, PlaysForAnOrdinaryUserToo) {
  if (parts_are_missing()) GTEST_SKIP() << "swtpm or pocketsphinx-testdata is not installed";
  if (::getuid() != 0) GTEST_SKIP() << "this is an ordinary user already";
  if (!std::filesystem::exists("/usr/bin/setpriv")) GTEST_SKIP() << "setpriv is not installed";
  const std::string as_nobody =
      "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all ";
  if (std::system((as_nobody + "test -x " VEDETTE_BIN_DIR "/vedette").c_str()) != 0)
    GTEST_SKIP() << "an ordinary user cannot read this build folder";
  expect_the_whole_play(play(as_nobody));
}

}  // namespace
}  // namespace vedette
