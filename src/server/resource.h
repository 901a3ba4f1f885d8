// Resource: what a request is about, as a policy asks for it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/net/http.h"
#include "platform/store/store.h"
#include "policy/policy.h"
#include "release/registry.h"

namespace vedette::server {

// Where a route says what it is about.
enum class About : std::uint8_t {
  nothing,
  group,             // the path's first argument
  device,            // the path's first argument; the group is that of its record, or of
                     // its entry in the allow-list before it has one
  body,              // the members `device` and `group` of the body
  latest_release,    // the path's first argument is a model
  release,           // the path's arguments are a model and a number
  release_of_query,  // the query names model and release
  audience,          // the member `audience` of the body
};

// What is not known is left out: a malformed name, a device or release that does not exist. The
// handler refuses those for their own reasons.
struct Resource {
  std::optional<std::string> group{};
  std::optional<std::string> device{};
  std::optional<std::string> model{};
  std::optional<release::Tier> tier{};
  std::optional<std::string> audience{};

  // Borrows.
  void add_to(policy::Facts& facts) const;
};

struct Asked {
  About about;
  const std::vector<std::string>& arguments;
  const std::map<std::string, std::string>& query;
  const platform::HttpRequest& request;
};

// Looks up only what the policy asks about. Refuses STORE-*.
[[nodiscard]] Result<Resource> find_resource(platform::Store& store, const policy::Policy& policy,
                                             const Asked& asked);

}  // namespace vedette::server
