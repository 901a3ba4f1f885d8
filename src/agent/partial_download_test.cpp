#include "agent/partial_download.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <thread>

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "testing/file_server.h"
#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

constexpr std::uint64_t kLimit = 1000;

// From now on this thread reads files as from a disk that has gone bad.
void lose_the_disk() {
  std::array filter{
      sock_filter{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_pread64},
      sock_filter{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EIO},
      sock_filter{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  const sock_fprog program{filter.size(), filter.data()};
  ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

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

  [[nodiscard]] std::uint64_t received() const {
    return partial_.received({wanted_.sha256, wanted_.size});
  }

  TemporaryFolder folder_;
  ModelCache cache_ = ModelCache::open(folder_ / "models", kLimit).value();
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
  EXPECT_EQ(received(), 0U);
  served().back() ^= 1U;
  EXPECT_EQ(complete(), as_text(file_));
  EXPECT_EQ(server_.begun_at, (std::vector<std::uint64_t>{0, 10, 0}));
}

TEST_F(PartialDownloadTest, AnotherPartThanTheRestIsRefusedAndWhatWasThereDropped) {
  server_.breaks_after = 10;
  EXPECT_EQ(complete(), "NET-CLOSED");
  server_.refusal = "NET-RANGE";
  EXPECT_EQ(complete(), "NET-RANGE");
  EXPECT_EQ(received(), 0U);
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
  EXPECT_EQ(received(), 0U);
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

// One list says what finds fault with a file, for downloads as for the rest of the agent's life.
TEST_F(PartialDownloadTest, AServerThatIsBusyOrWantsAQuoteFirstDropsNothing) {
  server_.breaks_after = 10;
  EXPECT_EQ(complete(), "NET-CLOSED");
  for (const char* code : {"STORE-BUSY", "HTTP-BUSY", "EAR-EXPIRED", "NET-SYNTAX"}) {
    server_.refusal = code;
    EXPECT_EQ(complete(), code);
    EXPECT_EQ(received(), 10U) << code;
  }
}

TEST_F(PartialDownloadTest, CountsWhatAFormerProcessLeftOfThisFileAlone) {
  server_.breaks_after = 10;
  partial_ = PartialDownload(&cache_);
  EXPECT_EQ(complete(), "NET-CLOSED");
  partial_ = PartialDownload(&cache_);
  EXPECT_EQ(received(), 10U);
  EXPECT_EQ(partial_.received({crypto::sha256(as_bytes("another file")), 12}), 0U);
}

TEST_F(PartialDownloadTest, WhatTheDiskDoesNotGiveBackIsFetchedAnew) {
  server_.breaks_after = 10;
  partial_ = PartialDownload(&cache_);
  EXPECT_EQ(complete(), "NET-CLOSED");
  server_.breaks_after = SIZE_MAX;
  partial_ = PartialDownload(&cache_);
  std::thread([this] {
    lose_the_disk();
    EXPECT_EQ(complete(), as_text(file_));
  }).join();
  EXPECT_EQ(server_.begun_at, (std::vector<std::uint64_t>{0, 0}));
  EXPECT_EQ(partial_.trouble()->code, "FILE-READ");
  EXPECT_TRUE(cache_.find({wanted_.sha256, wanted_.size}).has_value()) << "it is kept now";
}

// Two models may have one file.
TEST_F(PartialDownloadTest, TwoDownloadsOfAFileDoNotWriteIntoOnePart) {
  partial_ = PartialDownload(&cache_);
  server_.breaks_after = 10;
  EXPECT_EQ(complete(), "NET-CLOSED");
  PartialDownload first = std::exchange(partial_, PartialDownload(&cache_));
  server_.breaks_after = SIZE_MAX;
  EXPECT_EQ(complete(), as_text(file_));
  EXPECT_EQ(partial_.trouble()->code, "CACHE-BUSY");
  partial_ = std::move(first);
  EXPECT_EQ(complete(), as_text(file_));
  const auto kept = cache_.find({wanted_.sha256, wanted_.size});
  ASSERT_TRUE(kept.has_value());
  EXPECT_TRUE(read_all(kept->get(), [this](ByteView all) -> Result<void> {
                EXPECT_EQ(as_text(all), as_text(file_));
                return {};
              }).has_value());
}

}  // namespace
}  // namespace vedette::agent
