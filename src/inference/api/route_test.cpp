#include "inference/api/route.h"

#include <gtest/gtest.h>

namespace vedette::inference {
namespace {

std::string code_of(std::string_view method, std::string_view path) {
  const auto route = parse_route(method, path);
  return route ? "" : route.error().code;
}

TEST(Route, RefusesPathsThatAreNotThere) {
  for (const char* path : {"",
                           "/",
                           "/v1",
                           "/v2/",
                           "/v2/health",
                           "/v2/health/live/",
                           "/v2/models",
                           "/v2/models/",
                           "/v2/models//infer",
                           "/v2/models/a/",
                           "/v2/models/a//",
                           "/v2/models/a//infer",
                           "/v2/models/a/infer/",
                           "/v2/models/a/infer/b",
                           "/v2/models/a/INFER",
                           "/v2/models/A",
                           "/v2/models/a%2e",
                           "/v2/models/../x",
                           "/v2/models/a/versions/1/",
                           "/v2/models/a/generate",
                           "/v2/repository/models/a/load",
                           "/v2/systemsharedmemory/status"})
    EXPECT_EQ(code_of("GET", path), "OIP-PATH") << path;
}

TEST(Route, SaysThatAConfigurationIsNotOffered) {
  const auto refused = parse_route("GET", "/v2/models/a/config");
  EXPECT_EQ(refused.error().code, "OIP-PATH");
  EXPECT_NE(refused.error().message.find("configuration"), std::string::npos);
  EXPECT_NE(refused.error().hint.find("metadata"), std::string::npos);
  EXPECT_EQ(code_of("GET", "/v2/models/a/versions/2/config"), "OIP-PATH");
  EXPECT_EQ(code_of("GET", "/v2/models/a/stats"), "OIP-PATH");
}

TEST(Route, RefusesVersionsThatAreNoNumbers) {
  for (const char* version : {"", "0", "01", "-1", "+1", "1.0", "a", "18446744073709551616"})
    EXPECT_EQ(code_of("POST", "/v2/models/a/versions/" + std::string(version) + "x/infer"),
              "OIP-VERSION")
        << version;
  EXPECT_EQ(code_of("GET", "/v2/models/a/versions"), "OIP-VERSION");
  EXPECT_EQ(code_of("GET", "/v2/models/a/versions/0"), "OIP-VERSION");
  EXPECT_EQ(code_of("GET", "/v2/models/a/versions/01"), "OIP-VERSION");
}

TEST(Route, RefusesTheWrongMethod) {
  EXPECT_EQ(code_of("POST", "/v2"), "OIP-METHOD");
  EXPECT_EQ(code_of("GET", "/v2/repository/index"), "OIP-METHOD");
  EXPECT_EQ(code_of("GET", "/v2/models/a/infer"), "OIP-METHOD");
  EXPECT_EQ(code_of("POST", "/v2/models/a/ready"), "OIP-METHOD");
  EXPECT_EQ(code_of("DELETE", "/v2/models/a"), "OIP-METHOD");
}

TEST(Route, FindsEveryOperation) {
  const auto route = [](std::string_view method, std::string_view path) {
    return parse_route(method, path).value();
  };
  const auto none = std::nullopt;
  EXPECT_EQ(route("GET", "/v2"), (Route{Operation::server_metadata, "", none}));
  EXPECT_EQ(route("GET", "/v2/health/live"), (Route{Operation::server_live, "", none}));
  EXPECT_EQ(route("GET", "/v2/health/ready"), (Route{Operation::server_ready, "", none}));
  EXPECT_EQ(route("POST", "/v2/repository/index"), (Route{Operation::repository_index, "", none}));
  EXPECT_EQ(route("GET", "/v2/models/a-1.b"), (Route{Operation::model_metadata, "a-1.b", none}));
  EXPECT_EQ(route("GET", "/v2/models/a/ready"), (Route{Operation::model_ready, "a", none}));
  EXPECT_EQ(route("POST", "/v2/models/a/infer"), (Route{Operation::infer, "a", none}));
  EXPECT_EQ(route("GET", "/v2/models/a/versions/7"), (Route{Operation::model_metadata, "a", 7}));
  EXPECT_EQ(route("GET", "/v2/models/a/versions/7/ready"), (Route{Operation::model_ready, "a", 7}));
  EXPECT_EQ(route("POST", "/v2/models/a/versions/18446744073709551615/infer"),
            (Route{Operation::infer, "a", 18446744073709551615U}));
  EXPECT_EQ(route("GET", "/v2/models/versions"),
            (Route{Operation::model_metadata, "versions", none}));
}

}  // namespace
}  // namespace vedette::inference
