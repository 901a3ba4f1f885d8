#include "server/route.h"

#include <algorithm>

namespace vedette::server {

namespace {

constexpr std::string_view kOne = "{}";
constexpr std::string_view kRest = "{...}";

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
  auto wanted = split(pattern, '/');
  auto given = split(path, '/');
  if (wanted.back() == kRest) {
    if (given.size() < wanted.size()) return std::nullopt;
    wanted.back() = kOne;
    given.resize(wanted.size());
    given.back() = path.substr(static_cast<std::size_t>(given.back().data() - path.data()));
  }
  if (wanted.size() != given.size()) return std::nullopt;
  std::vector<std::string> arguments;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const bool is_argument = wanted[i] == kOne;
    if (is_argument ? given[i].empty() : wanted[i] != given[i]) return std::nullopt;
    if (is_argument) arguments.emplace_back(given[i]);
  }
  return arguments;
}

}  // namespace

Result<RouteMatch> find_route(const std::vector<Route>& routes, std::string_view method,
                              std::string_view path) {
  bool path_is_known = false;
  for (const Route& route : routes) {
    auto arguments = match(route.pattern, path);
    if (!arguments) continue;
    if (route.method == method) return RouteMatch{&route, *std::move(arguments)};
    path_is_known = true;
  }
  if (path_is_known)
    return refuse("HTTP-METHOD", "this path does not take that method", std::string(method));
  return refuse("HTTP-NOT-FOUND", "there is nothing at this path",
                std::string(path.substr(0, 200)));
}

Result<std::map<std::string, std::string>> parse_query(std::string_view target) {
  std::map<std::string, std::string> query;
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return query;
  for (const std::string_view pair : split(target.substr(mark + 1), '&')) {
    const std::size_t equals = pair.find('=');
    const std::string name(pair.substr(0, equals));
    const std::string value(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    if (name.empty() || !query.emplace(name, value).second)
      return refuse("HTTP-QUERY", "the query is malformed", std::string(pair.substr(0, 80)));
  }
  return query;
}

}  // namespace vedette::server
