// Which operation of the Open Inference Protocol a request line asks for. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace vedette::inference {

enum class Operation : std::uint8_t {
  server_live,       // GET v2/health/live
  server_ready,      // GET v2/health/ready
  server_metadata,   // GET v2
  repository_index,  // POST v2/repository/index
  model_metadata,    // GET v2/models/{model}[/versions/{version}]
  model_ready,       // the same with /ready
  infer,             // POST v2/models/{model}[/versions/{version}]/infer
};

struct Route {
  Operation operation = Operation::server_live;
  std::string model;  // at most 63 octets of base/strong_id.h's grammar; empty when none is named
  std::optional<std::uint64_t> version;  // none: the one that serves

  friend bool operator==(const Route&, const Route&) = default;
};

// `path` is what stands before the '?'. Refuses OIP-PATH (nothing is there: 404), OIP-METHOD
// (something is, but not for this method: 405), and OIP-VERSION for what is no number of a version.
// Nothing is unescaped: no name or version needs it.
[[nodiscard]] Result<Route> parse_route(std::string_view method, std::string_view path);

}  // namespace vedette::inference
