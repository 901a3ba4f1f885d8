#include "server/submissions.h"

#include <cstdint>
#include <utility>

#include "server/answers.h"

namespace vedette::server {

namespace {

using codec::Json;
using platform::UnitOfWork;

class Tally {
 public:
  void accept() { ++accepted_; }
  void repeat() { ++duplicates_; }
  void refuse(std::size_t index, const Error& error) {
    Json refusal;
    refusal.set("index", std::uint64_t{index}).set("code", error.code);
    refusal.set("message", error.message).set("cause", error.cause);
    refused_.push_back(std::move(refusal));
  }

  [[nodiscard]] platform::HttpResponse answer() && {
    Json body;
    body.set("accepted", accepted_).set("duplicates", duplicates_);
    body.set("refused", std::move(refused_));
    return server::answer(body);
  }

 private:
  std::int64_t accepted_ = 0;
  std::int64_t duplicates_ = 0;
  Json::Array refused_;
};

Result<std::vector<std::string>> read_texts(const Call& call, const SubmissionRules& rules) {
  const std::string member(rules.member);
  VEDETTE_TRY(const Json body, codec::parse_json(as_text(call.request.body)));
  VEDETTE_CHECK(body.only({rules.member}));
  VEDETTE_TRY(const Json* list, body.array(rules.member));
  const Json::Array& entries = *list->if_array();
  if (entries.empty() || entries.size() > rules.most)
    return refuse("HTTP-COUNT",
                  "1 to " + std::to_string(rules.most) + " " + member + " are taken at once",
                  std::to_string(entries.size()));
  std::vector<std::string> texts;
  for (const Json& entry : entries) {
    const std::string* text = entry.if_string();
    if (text == nullptr) return refuse("JSON-MEMBER", "one of the " + member + " is not a string");
    texts.push_back(*text);
  }
  return texts;
}

}  // namespace

Result<platform::HttpResponse> take_submissions(platform::Store& store, const Chronicle& chronicle,
                                                const Call& call, const SubmissionRules& rules,
                                                const SubmissionJudge& judge) {
  VEDETTE_TRY(const auto texts, read_texts(call, rules));
  Tally tally;
  const auto take_one = [&](UnitOfWork& unit, std::size_t index) -> Result<void> {
    Matter matter{.kind = std::string(rules.kind),
                  .subject = call.caller.name(),
                  .actor = call.caller.name(),
                  .rule = call.rule,
                  .details = Json::Object{}};
    const auto judged = judge(unit, texts[index], matter);
    if (judged && *judged == Submission::duplicate) {
      tally.repeat();
      return {};
    }
    if (judged) {
      tally.accept();
      return chronicle.enter(unit, matter, std::nullopt);
    }
    if (judged.error().code.starts_with("STORE-")) return std::unexpected(judged.error());
    tally.refuse(index, judged.error());
    return chronicle.enter(unit, matter, judged.error());
  };
  VEDETTE_CHECK(store.write([&](UnitOfWork& unit) -> Result<void> {
    tally = {};  // the store may run this again
    for (std::size_t i = 0; i < texts.size(); ++i)
      VEDETTE_CHECK(take_one(unit, i));
    return chronicle.seal(unit);
  }));
  return std::move(tally).answer();
}

}  // namespace vedette::server
