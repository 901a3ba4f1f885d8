#include "server/route.h"

#include <gtest/gtest.h>

namespace vedette::server {
namespace {

std::vector<Route> routes() {
  return {{"GET", "/v1/devices", policy::Action::read_everything, {}},
          {"POST", "/v1/devices/{}/revoke", policy::Action::manage_devices, {}},
          {"POST", "/v1/releases/{}/{}/block", policy::Action::block_release, {}}};
}

TEST(Route, RefusesUnknownPathsAndWrongMethodsApart) {
  const auto table = routes();
  EXPECT_EQ(find_route(table, "GET", "/v1/nothing").error().code, "HTTP-NOT-FOUND");
  EXPECT_EQ(find_route(table, "DELETE", "/v1/devices").error().code, "HTTP-METHOD");
  for (const char* path : {"/v1/devices/", "/v1/devices//revoke", "/v1/devices/a/b/revoke",
                           "v1/devices", "/v1/devices/a/revoke/"})
    EXPECT_EQ(find_route(table, "POST", path).error().code,
              std::string(path) == "/v1/devices" ? "HTTP-METHOD" : "HTTP-NOT-FOUND")
        << path;
}

TEST(Route, HandsOverTheArguments) {
  const auto table = routes();
  const auto match = find_route(table, "POST", "/v1/releases/voice/7/block");
  ASSERT_TRUE(match.has_value());
  EXPECT_EQ(match->route, &table[2]);
  EXPECT_EQ(match->arguments, (std::vector<std::string>{"voice", "7"}));
}

TEST(Route, HandsOverAllTheRestAsOneArgument) {
  const std::vector<Route> table{{"GET", "/v1/files/{...}", policy::Action::read_tuf, {}}};
  for (const char* path : {"/v1/files", "/v1/files/", "/v1/file/x", "/v1"})
    EXPECT_EQ(find_route(table, "GET", path).error().code, "HTTP-NOT-FOUND") << path;
  for (const char* rest : {"a", "a/b", "a/b/", "a//b", "../a"}) {
    const auto match = find_route(table, "GET", "/v1/files/" + std::string(rest));
    ASSERT_TRUE(match.has_value()) << rest;
    EXPECT_EQ(match->arguments, (std::vector<std::string>{rest}));
  }
}

TEST(Query, RefusesANameTwiceAndNone) {
  EXPECT_EQ(parse_query("/a?x=1&x=2").error().code, "HTTP-QUERY");
  EXPECT_EQ(parse_query("/a?=1").error().code, "HTTP-QUERY");
  EXPECT_EQ(parse_query("/a?").error().code, "HTTP-QUERY");
  const auto query = parse_query("/a?x=1&y=");
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->at("x"), "1");
  EXPECT_EQ(query->at("y"), "");
}

}  // namespace
}  // namespace vedette::server
