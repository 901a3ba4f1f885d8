#include "platform/net/http.h"

#include <gtest/gtest.h>

namespace vedette::platform {
namespace {

TEST(HttpRequest, AbsentHeaderIsEmpty) {
  HttpRequest request;
  request.headers = {{"accept", "text/plain"}};
  EXPECT_EQ(request.header("accep"), "");
}

TEST(HttpRequest, FirstHeaderOfANameCounts) {
  HttpRequest request;
  request.headers = {{"accept", "text/plain"}, {"accept", "application/json"}};
  EXPECT_EQ(request.header("accept"), "text/plain");
}

TEST(HttpRequest, PathEndsAtTheQuery) {
  HttpRequest request;
  request.target = "/v1/devices?group=a?b";
  EXPECT_EQ(request.path(), "/v1/devices");
  request.target = "/v1/devices";
  EXPECT_EQ(request.path(), "/v1/devices");
}

}  // namespace
}  // namespace vedette::platform
