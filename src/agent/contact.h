// Contact: what the server wants of a device at once; devices ask, since they cannot be called.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/strong_id.h"
#include "platform/net/http.h"

namespace vedette::agent {

struct RunningModel {
  ModelName model;
  std::uint64_t release = 0;

  friend bool operator==(const RunningModel&, const RunningModel&) = default;
};

struct Contact {
  bool wanted = false;                // an operator wants a quote now
  std::vector<RunningModel> blocked;  // of what runs here: it is to stop
};

// Tells what runs here, at most 64 of it. Refuses NET-*, what the server refuses, and HTTP-ANSWER
// for an answer about something else than was told.
[[nodiscard]] Result<Contact> make_contact(platform::HttpClient& client,
                                           const std::vector<RunningModel>& running);

}  // namespace vedette::agent
