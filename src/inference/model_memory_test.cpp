#include "inference/model_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace vedette::inference {
namespace {

template <class T>
std::string code_of(const Result<T>& result) {
  return result.has_value() ? "" : result.error().code;
}

TEST(SealedModel, RefusesAnOrdinaryFileAndAPipe) {
  char path[] = "/tmp/vedette-model-XXXXXX";
  UniqueFd file{::mkostemp(path, O_CLOEXEC)};
  ASSERT_TRUE(file.valid());
  ::unlink(path);
  EXPECT_EQ(code_of(SealedModel::adopt(std::move(file))), "SBX-MODEL-UNSEALED");
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd other{ends[1]};
  EXPECT_EQ(code_of(SealedModel::adopt(UniqueFd{ends[0]})), "SBX-MODEL-UNSEALED");
  EXPECT_EQ(code_of(SealedModel::adopt(UniqueFd{})), "SBX-MODEL-UNSEALED");
}

TEST(SealedModel, RefusesEveryIncompleteSetOfSeals) {
  constexpr int kAll[] = {F_SEAL_WRITE, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_SEAL};
  for (const int missing : kAll) {
    UniqueFd fd{::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    ASSERT_EQ(::ftruncate(fd.get(), 4), 0);
    int seals = 0;
    for (const int seal : kAll)
      seals |= seal == missing ? 0 : seal;
    ASSERT_EQ(::fcntl(fd.get(), F_ADD_SEALS, seals), 0);
    EXPECT_EQ(code_of(SealedModel::adopt(std::move(fd))), "SBX-MODEL-UNSEALED") << missing;
  }
}

TEST(ModelWriter, RefusesOneByteTooMany) {
  auto writer = ModelWriter::create(4);
  ASSERT_TRUE(writer.has_value());
  EXPECT_EQ(code_of(writer->append(Bytes(3))), "");
  EXPECT_EQ(code_of(writer->append(Bytes(2))), "SBX-MODEL-SIZE");
  EXPECT_EQ(writer->size(), 3U);
}

TEST(ModelWriter, RefusesToSealNothing) {
  auto writer = ModelWriter::create(4);
  ASSERT_TRUE(writer.has_value());
  EXPECT_EQ(code_of(std::move(*writer).seal()), "SBX-MODEL-EMPTY");
}

TEST(ModelWriter, NothingCanChangeWhatItSealed) {
  auto writer = ModelWriter::create(100);
  ASSERT_TRUE(writer.has_value());
  ASSERT_TRUE(writer->append(Bytes{1, 2}).has_value());
  ASSERT_TRUE(writer->append(Bytes{3}).has_value());
  const auto model = std::move(*writer).seal();
  ASSERT_TRUE(model.has_value());
  EXPECT_EQ(model->size(), 3U);
  EXPECT_EQ(::pwrite(model->fd(), "x", 1, 0), -1);
  EXPECT_EQ(::ftruncate(model->fd(), 1), -1);
  EXPECT_EQ(::ftruncate(model->fd(), 10), -1);
  EXPECT_EQ(::mmap(nullptr, 3, PROT_READ | PROT_WRITE, MAP_SHARED, model->fd(), 0), MAP_FAILED);
  Bytes back(3);
  EXPECT_EQ(::pread(model->fd(), back.data(), 3, 0), 3);
  EXPECT_EQ(back, (Bytes{1, 2, 3}));
}

}  // namespace
}  // namespace vedette::inference
