#include "inference/api/route.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/strong_id.h"

namespace vedette::inference {

namespace {

constexpr std::string_view kModels = "/v2/models/";
constexpr std::string_view kVersions = "versions";

std::unexpected<Error> no_such_path(std::string_view path) {
  return refuse("OIP-PATH", "there is nothing at this path", std::string(path.substr(0, 200)),
                "the Open Inference Protocol v2 starts at /v2");
}

struct FixedPath {
  std::string_view path;
  std::string_view method;
  Operation operation;
};
constexpr std::array kFixed = {
    FixedPath{"/v2", "GET", Operation::server_metadata},
    FixedPath{"/v2/health/live", "GET", Operation::server_live},
    FixedPath{"/v2/health/ready", "GET", Operation::server_ready},
    FixedPath{"/v2/repository/index", "POST", Operation::repository_index},
};

// What may follow a model, or a version of it.
constexpr std::array kOfModel = {
    FixedPath{"", "GET", Operation::model_metadata},
    FixedPath{"ready", "GET", Operation::model_ready},
    FixedPath{"infer", "POST", Operation::infer},
};

// Takes the segment before the next slash; the rest is empty after the last one.
std::string_view take_segment(std::string_view& rest) {
  const std::string_view segment = rest.substr(0, rest.find('/'));
  rest.remove_prefix(std::min(rest.size(), segment.size() + 1));
  return segment;
}

Result<std::uint64_t> parse_version(std::string_view text) {
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  const bool canonical = error == std::errc{} && end == text.data() + text.size() && version != 0 &&
                         !text.starts_with('0');
  if (!canonical)
    return refuse("OIP-VERSION", "this is no version of a model", std::string(text.substr(0, 40)),
                  "a model's version is the number of its release");
  return version;
}

Result<Operation> match(std::string_view method, std::string_view path, const FixedPath& row) {
  if (row.method == method) return row.operation;
  return refuse("OIP-METHOD", "this path is asked for by another method",
                std::string(path.substr(0, 200)), "use " + std::string(row.method));
}

std::unexpected<Error> nothing_of_model(std::string_view path, std::string_view verb) {
  if (verb == "config")
    return refuse("OIP-PATH", "a model's configuration is not offered here",
                  std::string(path.substr(0, 200)), "ask for its metadata: GET v2/models/{model}");
  if (verb == "stats")
    return refuse("OIP-PATH", "statistics of models are not offered here",
                  std::string(path.substr(0, 200)));
  return no_such_path(path);
}

Result<Route> parse_model_route(std::string_view method, std::string_view path) {
  // "models/a/" is not "models/a": an empty last segment is a segment too.
  if (path.ends_with('/')) return no_such_path(path);
  std::string_view rest = path.substr(kModels.size());
  Route route;
  route.model = take_segment(rest);
  if (!is_name(route.model)) return no_such_path(path);
  std::string_view verb = take_segment(rest);
  if (verb == kVersions) {
    VEDETTE_TRY(route.version, parse_version(take_segment(rest)));
    verb = take_segment(rest);
  }
  const auto* const row = std::ranges::find(kOfModel, verb, &FixedPath::path);
  if (row == kOfModel.end() || !rest.empty()) return nothing_of_model(path, verb);
  VEDETTE_TRY(route.operation, match(method, path, *row));
  return route;
}

}  // namespace

Result<Route> parse_route(std::string_view method, std::string_view path) {
  if (path.starts_with(kModels)) return parse_model_route(method, path);
  const auto* const row = std::ranges::find(kFixed, path, &FixedPath::path);
  if (row == kFixed.end()) return no_such_path(path);
  VEDETTE_TRY(const Operation operation, match(method, path, *row));
  return Route{operation, {}, std::nullopt};
}

}  // namespace vedette::inference
