#include "agent/partial_download.h"

#include <gtest/gtest.h>

#include "testing/file_server.h"

namespace vedette::agent {
namespace {

constexpr std::uint64_t kLimit = 1000;

class PartialDownloadTest : public ::testing::Test {
 protected:
  PartialDownloadTest() { server_.piece_octets = 1; }

  [[nodiscard]] std::string complete(std::uint64_t limit = kLimit) {
    const auto sealed = partial_.complete(server_, "ear", wanted_, limit);
    if (!sealed) return sealed.error().code;
    const auto view = inference::ModelView::map(*sealed);
    return std::string(as_text(view->bytes()));
  }
  [[nodiscard]] WantedFile wanted(const Bytes& file) {
    const auto identity = server_.add(file);
    return {identity.sha256, identity.size, testing::FileServer::target_of(identity.sha256)};
  }
  // What the server holds under the name of the file that is wanted.
  [[nodiscard]] Bytes& served() { return server_.files.at(to_hex(wanted_.sha256)); }

  testing::FileServer server_;
  Bytes file_ = to_bytes("the weights of a small model");
  WantedFile wanted_ = wanted(file_);
  PartialDownload partial_;
};

TEST_F(PartialDownloadTest, OctetsThatWereChangedWhileItWasAwayAreRefusedAndDropped) {
  server_.breaks_after = 10;
  EXPECT_EQ(complete(), "NET-CLOSED");
  server_.breaks_after = SIZE_MAX;
  served().back() ^= 1U;
  EXPECT_EQ(complete(), "REL-DIGEST");
  EXPECT_EQ(partial_.received(), 0U);
  served().back() ^= 1U;
  EXPECT_EQ(complete(), as_text(file_));
  EXPECT_EQ(server_.begun_at, (std::vector<std::uint64_t>{0, 10, 0}));
}

TEST_F(PartialDownloadTest, AnotherPartThanTheRestIsRefusedAndWhatWasThereDropped) {
  server_.breaks_after = 10;
  EXPECT_EQ(complete(), "NET-CLOSED");
  server_.refusal = "NET-RANGE";
  EXPECT_EQ(complete(), "NET-RANGE");
  EXPECT_EQ(partial_.received(), 0U);
}

TEST_F(PartialDownloadTest, NothingOfAnotherFileIsKept) {
  server_.breaks_after = 10;
  EXPECT_EQ(complete(), "NET-CLOSED");
  wanted_ = wanted(to_bytes("another file"));
  server_.breaks_after = SIZE_MAX;
  EXPECT_EQ(complete(), "another file");
  EXPECT_EQ(server_.begun_at, (std::vector<std::uint64_t>{0, 0}));
}

TEST_F(PartialDownloadTest, TheLimitHoldsOverBreaks) {
  server_.breaks_after = 10;
  EXPECT_EQ(complete(15), "NET-CLOSED");
  EXPECT_EQ(complete(15), "SBX-MODEL-SIZE");
  EXPECT_EQ(partial_.received(), 0U);
}

TEST_F(PartialDownloadTest, AFileOfAnotherSizeIsRefusedWithItsFirstOctetTooMany) {
  server_.breaks_after = 10;
  EXPECT_EQ(complete(), "NET-CLOSED");
  server_.breaks_after = SIZE_MAX;
  served().push_back('!');
  EXPECT_EQ(complete(), "REL-SIZE");
}

TEST_F(PartialDownloadTest, GoesOnAfterABreakAtAnyOctet) {
  const std::string whole(as_text(file_));
  for (std::size_t first = 1; first < whole.size(); ++first) {
    server_.breaks_after = first;
    server_.begun_at.clear();
    EXPECT_EQ(complete(), "NET-CLOSED");
    server_.breaks_after = SIZE_MAX;
    EXPECT_EQ(complete(), whole);
    EXPECT_EQ(server_.begun_at, (std::vector<std::uint64_t>{0, first}));
  }
}

TEST_F(PartialDownloadTest, ManyBreaksAreAsGoodAsOne) {
  const std::string whole(as_text(file_));
  server_.breaks_after = 1;
  for (std::size_t i = 1; i < whole.size(); ++i)
    ASSERT_EQ(complete(), "NET-CLOSED") << i;
  EXPECT_EQ(complete(), whole);
}

TEST_F(PartialDownloadTest, ABreakAfterTheLastOctetAsksForNothingMore) {
  server_.breaks_at_the_end = true;
  EXPECT_EQ(complete(), "NET-CLOSED");
  EXPECT_EQ(complete(), as_text(file_));
  EXPECT_EQ(server_.begun_at, (std::vector<std::uint64_t>{0}));
}

}  // namespace
}  // namespace vedette::agent
