// Contact: what the server wants of a device at once; devices ask, since they cannot be called.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/lifecycle.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "platform/net/http.h"

namespace vedette::agent {

struct RunningModel {
  ModelName model;
  std::uint64_t release = 0;

  friend bool operator==(const RunningModel&, const RunningModel&) = default;
};

// How many models the server can be told of in one contact; so no device has more.
inline constexpr std::size_t kMostModels = 64;

struct Contact {
  bool wanted = false;                // an operator wants a quote now
  std::vector<RunningModel> blocked;  // of what the server was told: it is to stop
  std::optional<Error> doubt;         // HTTP-ANSWER: it blocks something else beside that
};

// What the server is told of a model: the release that runs. Where none does, the one that was last
// good, so that a block is heard of that came meanwhile; 0: there was none.
[[nodiscard]] std::optional<RunningModel> concerned(const ModelName& model,
                                                    std::optional<std::uint64_t> runs,
                                                    std::uint64_t last_good);

// Tells of `models`, by as many requests as their names take. What the server blocks beside them is
// left out, and a doubt: it must not hide the rest. Refuses AGT-MODELS for more than kMostModels,
// NET-*, what the server refuses, and JSON-* for an answer that is none.
[[nodiscard]] Result<Contact> make_contact(platform::HttpClient& client,
                                           const std::vector<RunningModel>& models);

// What is to be done at once after a contact that failed; none: go on, and ask again.
[[nodiscard]] std::optional<Outcome> duty_after(const Error& failure);

}  // namespace vedette::agent
