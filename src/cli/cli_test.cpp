#include "cli/cli.h"

#include <gtest/gtest.h>

#include "cli/canned_server.h"
#include "cli/command_line.h"

namespace vedette::cli {
namespace {

using Line = std::vector<std::string>;

// Every command that asks the server, and no more than it needs to be understood.
std::vector<Line> operator_lines(const Desk& desk) {
  return {{"server", "status"},
          {"release", "list"},
          {"release", "block", "vad", "3", "--reason", "wrong"},
          {"device", "list"},
          {"device", "show", "gate-1"},
          {"device", "allow", "gate-1", "--group", "gates", "--ek-sha256", std::string(64, 'a')},
          {"device", "admit-maker", "--group", "gates", "--root", desk.path("operator/roots.pem")},
          {"device", "revoke", "gate-1", "--reason", "stolen"},
          {"device", "quarantine", "gate-1", "--reason", "odd"},
          {"device", "reinstate", "gate-1", "--reason", "explained"},
          {"reference", "show", "gates"},
          {"reference", "set", "gates", desk.path("reference.json")},
          {"reference", "learn", "gates", "--from", "gate-1"},
          {"reference", "accept", "gates", "--from", "gate-1"},
          {"attest", "explain", "gate-1"},
          {"result", "list"},
          {"log", "checkpoint"},
          {"log", "list"}};
}

class EveryOperatorCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    desk_.write("reference.json", R"({"registers":{"0":[")" + std::string(64, '0') + R"("]}})");
  }
  Desk desk_;
};

TEST_F(EveryOperatorCommand, ThatReachesNobodyExitsWith4) {
  desk_.server.be_unreachable();
  for (const Line& line : operator_lines(desk_)) {
    const Outcome outcome = desk_.run_json(line);
    EXPECT_EQ(outcome.code, 4) << line[0] << " " << line[1];
    EXPECT_EQ(outcome.refusal(), "NET-UNREACHABLE") << line[0] << " " << line[1];
  }
}

TEST_F(EveryOperatorCommand, PassesTheServersRefusalOnWithItsHintAndExitsWith3) {
  desk_.server.refuse_all();
  for (const Line& line : operator_lines(desk_)) {
    const Outcome json = desk_.run_json(line);
    EXPECT_EQ(json.code, 3) << line[0] << " " << line[1];
    EXPECT_EQ(json.refusal(), "POL-DENIED") << line[0] << " " << line[1];
    EXPECT_TRUE(json.err.empty());
    const Outcome text = desk_.run(line);
    EXPECT_EQ(text.code, 3);
    EXPECT_TRUE(text.out.empty()) << text.out;
    EXPECT_NE(text.err.find("you may not  [POL-DENIED]"), std::string::npos) << text.err;
    EXPECT_NE(text.err.find("cause  role auditor"), std::string::npos);
    EXPECT_NE(text.err.find("hint   ask an admin"), std::string::npos);
  }
}

TEST_F(EveryOperatorCommand, WithoutAnOperatorSaysHowToNameOneAndExitsWith2) {
  ::unsetenv("VEDETTE_OPERATOR");
  for (const Line& line : operator_lines(desk_)) {
    const Outcome outcome = desk_.run_json(line);
    EXPECT_EQ(outcome.code, 2) << line[0] << " " << line[1];
    EXPECT_EQ(outcome.refusal(), "CLI-OPERATOR");
    EXPECT_NE(outcome.out.find("--operator FOLDER"), std::string::npos);
  }
  EXPECT_TRUE(desk_.server.requests().empty());
}

TEST_F(EveryOperatorCommand, OfAServerThatSpeaksNoJsonIsFailure) {
  desk_.server.answer_all([](const platform::HttpRequest&) {
    platform::HttpResponse response;
    response.status = 502;
    response.body = to_bytes(std::string_view("<html>"));
    return response;
  });
  const Outcome outcome = desk_.run_json({"device", "list"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.refusal(), "HTTP-ANSWER");
}

TEST(CommandLine, ThatIsEmptyPrintsHelpAndIsAMistake) {
  Desk desk;
  const Outcome outcome = desk.run({});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.out.find("release"), std::string::npos);
  EXPECT_TRUE(outcome.err.empty());
}

TEST(CommandLine, ThatIsNotUnderstoodExitsWith2AndSaysWhatToRead) {
  Desk desk;
  const std::vector<Line> wrong{{"modle"},
                                {"model"},
                                {"model", "sing"},
                                {"model", "sign"},
                                {"device", "list", "extra"},
                                {"device", "list", "--colour"},
                                {"device", "revoke", "gate-1"},
                                {"result", "list", "--limit", "0"},
                                {"result", "list", "--limit", "1001"},
                                {"release", "block", "vad", "0", "--reason", "x"},
                                {"release", "approve", "vad", "3", "--key", "k"},
                                {"log", "list", "--count", "many"}};
  for (const Line& line : wrong) {
    const Outcome json = desk.run_json(line);
    EXPECT_EQ(json.code, 2) << line[0];
    EXPECT_EQ(json.refusal(), "CLI-USAGE") << line[0];
    EXPECT_TRUE(json.err.empty());
    const Outcome text = desk.run(line);
    EXPECT_EQ(text.code, 2) << line[0];
    EXPECT_TRUE(text.out.empty());
    EXPECT_NE(text.err.find("--help'"), std::string::npos) << text.err;
  }
  EXPECT_NE(desk.run({"device", "revoke", "gate-1"}).err.find("'vedette device revoke --help'"),
            std::string::npos);
  EXPECT_TRUE(desk.server.requests().empty());
}

TEST(CommandLine, WithAMalformedNameSendsNothing) {
  Desk desk;
  const std::vector<Line> wrong{{"device", "revoke", "../x", "--reason", "r"},
                                {"device", "show", "A"},
                                {"reference", "show", "a/b"},
                                {"reference", "learn", "g", "--from", "-x."},
                                {"release", "block", "x?y", "1", "--reason", "r"},
                                {"result", "list", "--device", "a&b"}};
  for (const Line& line : wrong) {
    const Outcome outcome = desk.run_json(line);
    EXPECT_EQ(outcome.code, 2) << line[0];
    EXPECT_EQ(outcome.refusal(), "NAME-FORMAT") << outcome.out;
  }
  EXPECT_TRUE(desk.server.requests().empty());
}

TEST(CommandLine, WhoseAnswerCannotBeWrittenIsNoSuccess) {
  Desk desk;
  desk.server.answer("GET /v1/devices", R"({"devices":[]})");
  const FixedClock clock;
  std::ostream broken(nullptr);
  std::ostringstream err;
  Console console{.out = &broken, .err = &err};
  const int code = run({"device", "list"}, {.http = desk.server,
                                            .clock = clock,
                                            .output = nullptr,
                                            .operator_folder = {},
                                            .program_folder = {},
                                            .console = console});
  EXPECT_EQ(code, 1);
}

TEST(CommandLine, TakesItsOptionsBeforeAndBehindTheVerb) {
  Desk desk;
  ::unsetenv("VEDETTE_OPERATOR");
  desk.server.answer("GET /v1/devices", R"({"devices":[]})");
  const std::string folder = desk.operator_folder();
  const std::vector<Line> lines{{"-o", "json", "--operator", folder, "device", "list"},
                                {"device", "-o", "json", "list", "--operator", folder},
                                {"device", "list", "--output=json", "--operator=" + folder},
                                {"device", "list", "-ojson", "--operator", folder}};
  for (const Line& line : lines) {
    const Outcome outcome = desk.run(line);
    EXPECT_EQ(outcome.code, 0) << outcome.err << outcome.out;
    EXPECT_TRUE(outcome.json().is_object());
  }
}

TEST(CommandLine, MayNameAFileLikeANoun) {
  Desk desk;
  const Outcome outcome = desk.run_json({"model", "inspect", "model"});
  EXPECT_EQ(outcome.refusal(), "FILE-OPEN");
  EXPECT_EQ(outcome.code, 1);
}

TEST(CommandLine, AnswersHelpAndVersionInBothFormats) {
  Desk desk;
  EXPECT_EQ(desk.run({"--help"}).code, 0);
  EXPECT_NE(desk.run({"model", "sign", "--help"}).out.find("--key"), std::string::npos);
  EXPECT_NE(desk.run({"--version"}).out.find("vedette "), std::string::npos);
  EXPECT_TRUE(desk.run_json({"device", "--help"}).json().is_object());
}

TEST(CommandLine, TakesCommandsFromOutside) {
  Desk desk;
  const FixedClock clock;
  std::ostringstream out;
  std::ostringstream err;
  const Environment environment{.http = desk.server,
                                .clock = clock,
                                .output = nullptr,
                                .operator_folder = {},
                                .program_folder = {},
                                .console = {.out = &out, .err = &err}};
  const int code = run({"key"}, environment, [](CLI::App& /*app*/, Choice& choice) {
    choice.command = [](Environment&) -> Result<void> { return {}; };
  });
  EXPECT_EQ(code, 2);
}

TEST(FormatAsked, IsJsonOnlyWhenTheLastWordSaysSo) {
  EXPECT_EQ(format_asked({"device", "list"}), Format::text);
  EXPECT_EQ(format_asked({"-o"}), Format::text);
  EXPECT_EQ(format_asked({"-o", "xml"}), Format::text);
  EXPECT_EQ(format_asked({"--", "-o", "json"}), Format::text);
  EXPECT_EQ(format_asked({"-o", "json", "x"}), Format::json);
  EXPECT_EQ(format_asked({"x", "--output=json"}), Format::json);
}

TEST(Completion, KnowsEveryNounVerbAndOption) {
  Desk desk;
  const Outcome outcome = desk.run({"completion", "bash"});
  EXPECT_EQ(outcome.code, 0);
  for (const char* part : {R"("model sign") words=")", "--insecure-unencrypted", "admit-maker",
                           "complete -F _vedette vedette"})
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part;
}

}  // namespace
}  // namespace vedette::cli
