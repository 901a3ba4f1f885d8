#include "agent/partial_download.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "platform/net/byte_range.h"

namespace vedette::agent {
namespace {

constexpr std::uint64_t kLimit = 1000;

// Serves one file, and breaks as told.
class BreakingServer final : public platform::HttpClient {
 public:
  Result<platform::HttpResponse> send(const platform::HttpRequest& /*request*/) override {
    return refuse("NET-SYNTAX", "not asked for here");
  }
  Result<platform::HttpResponse> download(
      const platform::HttpRequest& request,
      const std::function<Result<void>(ByteView)>& sink) override {
    const std::uint64_t first = platform::asked_from(request).value_or(0);
    begun_at.push_back(first);
    if (!refusal.empty()) return refuse(refusal, "as told");
    const ByteView rest = ByteView(file).subspan(first);
    for (const std::uint8_t octet : rest.first(std::min(rest.size(), octets_at_once)))
      VEDETTE_CHECK(sink(ByteView(&octet, 1)));
    if (rest.size() > octets_at_once || breaks_at_the_end) return refuse("NET-CLOSED", "as told");
    return platform::HttpResponse{};
  }
  Result<Bytes> channel_binding() override { return Bytes{}; }
  bool connected() override { return true; }

  Bytes file = to_bytes("the weights of a small model");
  std::size_t octets_at_once = SIZE_MAX;
  bool breaks_at_the_end = false;
  std::string refusal;
  std::vector<std::uint64_t> begun_at;
};

class PartialDownloadTest : public testing::Test {
 protected:
  [[nodiscard]] std::string complete(std::uint64_t limit = kLimit) {
    const auto sealed = partial_.complete(server_, "ear", wanted_, limit);
    if (!sealed) return sealed.error().code;
    const auto view = inference::ModelView::map(*sealed);
    return std::string(as_text(view->bytes()));
  }
  [[nodiscard]] static WantedFile wanted(const Bytes& file) {
    return {crypto::sha256(file), file.size(), "/v1/blobs/x"};
  }

  BreakingServer server_;
  WantedFile wanted_ = wanted(server_.file);
  PartialDownload partial_;
};

TEST_F(PartialDownloadTest, OctetsThatWereChangedWhileItWasAwayAreRefusedAndDropped) {
  server_.octets_at_once = 10;
  EXPECT_EQ(complete(), "NET-CLOSED");
  server_.octets_at_once = SIZE_MAX;
  server_.file.back() ^= 1U;
  EXPECT_EQ(complete(), "REL-DIGEST");
  EXPECT_EQ(partial_.received(), 0U);
  server_.file.back() ^= 1U;
  EXPECT_EQ(complete(), as_text(server_.file));
  EXPECT_EQ(server_.begun_at, (std::vector<std::uint64_t>{0, 10, 0}));
}

TEST_F(PartialDownloadTest, AnotherPartThanTheRestIsRefusedAndWhatWasThereDropped) {
  server_.octets_at_once = 10;
  EXPECT_EQ(complete(), "NET-CLOSED");
  server_.refusal = "NET-RANGE";
  EXPECT_EQ(complete(), "NET-RANGE");
  EXPECT_EQ(partial_.received(), 0U);
}

TEST_F(PartialDownloadTest, NothingOfAnotherFileIsKept) {
  server_.octets_at_once = 10;
  EXPECT_EQ(complete(), "NET-CLOSED");
  server_.file = to_bytes("another file");
  wanted_ = wanted(server_.file);
  server_.octets_at_once = SIZE_MAX;
  EXPECT_EQ(complete(), "another file");
  EXPECT_EQ(server_.begun_at, (std::vector<std::uint64_t>{0, 0}));
}

TEST_F(PartialDownloadTest, TheLimitHoldsOverBreaks) {
  server_.octets_at_once = 10;
  EXPECT_EQ(complete(15), "NET-CLOSED");
  EXPECT_EQ(complete(15), "SBX-MODEL-SIZE");
  EXPECT_EQ(partial_.received(), 0U);
}

TEST_F(PartialDownloadTest, AFileOfAnotherSizeIsRefusedWithItsFirstOctetTooMany) {
  server_.octets_at_once = 10;
  EXPECT_EQ(complete(), "NET-CLOSED");
  server_.octets_at_once = SIZE_MAX;
  server_.file.push_back('!');
  EXPECT_EQ(complete(), "REL-SIZE");
}

TEST_F(PartialDownloadTest, GoesOnAfterABreakAtAnyOctet) {
  const std::string whole(as_text(server_.file));
  for (std::size_t first = 1; first < whole.size(); ++first) {
    server_.octets_at_once = first;
    server_.begun_at.clear();
    EXPECT_EQ(complete(), "NET-CLOSED");
    server_.octets_at_once = SIZE_MAX;
    EXPECT_EQ(complete(), whole);
    EXPECT_EQ(server_.begun_at, (std::vector<std::uint64_t>{0, first}));
  }
}

TEST_F(PartialDownloadTest, ManyBreaksAreAsGoodAsOne) {
  const std::string whole(as_text(server_.file));
  server_.octets_at_once = 1;
  for (std::size_t i = 1; i < whole.size(); ++i)
    ASSERT_EQ(complete(), "NET-CLOSED") << i;
  EXPECT_EQ(complete(), whole);
}

TEST_F(PartialDownloadTest, ABreakAfterTheLastOctetAsksForNothingMore) {
  server_.breaks_at_the_end = true;
  EXPECT_EQ(complete(), "NET-CLOSED");
  EXPECT_EQ(complete(), as_text(server_.file));
  EXPECT_EQ(server_.begun_at, (std::vector<std::uint64_t>{0}));
}

}  // namespace
}  // namespace vedette::agent
