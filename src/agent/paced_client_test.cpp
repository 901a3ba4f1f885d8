#include "agent/paced_client.h"

#include <climits>

#include <gtest/gtest.h>

#include "agent/partial_download.h"
#include "testing/file_server.h"

namespace vedette::agent {
namespace {

class PacedClientTest : public ::testing::Test {
 protected:
  PacedClientTest() { server_.piece_octets = 4; }

  [[nodiscard]] std::string complete() {
    PacedClient paced(server_, [this]() -> Result<void> {
      if (due_after_ == 0) return refuse(code_, "something else is to be done first");
      --due_after_;
      return {};
    });
    const auto sealed = partial_.complete(
        paced, "ear",
        {wanted_.sha256, wanted_.size, testing::FileServer::target_of(wanted_.sha256)},
        wanted_.size);
    return sealed ? "" : sealed.error().code;
  }

  testing::FileServer server_;
  release::FileIdentity wanted_ = server_.add(to_bytes("the weights of a model"));
  PartialDownload partial_;
  std::string code_ = "AGT-VERDICT-DUE";
  int due_after_ = 0;
};

TEST_F(PacedClientTest, AskedToStopItAsksForNothing) {
  EXPECT_EQ(complete(), "AGT-VERDICT-DUE");
  EXPECT_TRUE(server_.asked.empty());
}

// Whatever it is that was due: the download goes on afterwards where it was.
TEST_F(PacedClientTest, BreaksADownloadOffAtTheNextPieceAndLosesNothing) {
  for (const char* code :
       {"AGT-VERDICT-DUE", "AGT-CONTACT-DUE", "AGT-CERTIFICATE-DUE", "AGT-STOPPING"}) {
    code_ = code;
    due_after_ = 1;  // the request itself
    const std::uint64_t before = partial_.received(wanted_);
    EXPECT_EQ(complete(), code);
    EXPECT_EQ(partial_.received(wanted_), before + server_.piece_octets)
        << "each brings it further";
  }
  due_after_ = INT_MAX;
  EXPECT_EQ(complete(), "");
  EXPECT_EQ(server_.octets, wanted_.size) << "nothing came twice";
}

}  // namespace
}  // namespace vedette::agent
