// Submissions: signed documents that a device sends together, each judged on its own.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "platform/net/http.h"
#include "platform/store/store.h"
#include "server/chronicle.h"
#include "server/route.h"

namespace vedette::server {

struct SubmissionRules {
  std::string_view kind;    // what the log calls one of them
  std::string_view member;  // the body's only member, a list of JWS texts
  std::size_t most;         // at once
};

enum class Submission { accepted, duplicate };

// Judges one document within the transaction; may complete the matter.
using SubmissionJudge =
    std::function<Result<Submission>(platform::UnitOfWork&, const std::string& jws, Matter&)>;

// In one transaction: what is accepted or refused is counted and entered in the log, a duplicate
// was entered before and is counted alone. The answer is `{"accepted","duplicates","refused":
// [{"index","code","message","cause"}]}`. Refuses the JSON codes, HTTP-COUNT, and what the store
// refuses: then nothing is kept.
[[nodiscard]] Result<platform::HttpResponse> take_submissions(platform::Store& store,
                                                              const Chronicle& chronicle,
                                                              const Call& call,
                                                              const SubmissionRules& rules,
                                                              const SubmissionJudge& judge);

}  // namespace vedette::server
