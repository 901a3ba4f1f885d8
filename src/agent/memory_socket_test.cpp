#include "agent/memory_socket.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "agent/memory_fixture.h"

namespace vedette::agent {
namespace {

TEST(MemorySocket, LeavesWhatIsNoSocketAlone) {
  const TemporaryFolder folder;
  const std::string path = folder / "memory.sock";
  std::ofstream(path) << "precious";
  EXPECT_EQ(MemorySocket::listen(path).error().code, "MEM-SOCKET");
  EXPECT_EQ(std::filesystem::file_size(path), 8U);
  std::filesystem::remove(path);
  std::filesystem::create_symlink(folder / "elsewhere", path);
  EXPECT_EQ(MemorySocket::listen(path).error().code, "MEM-SOCKET");
}

TEST(MemorySocket, LeavesAnotherAgentAlone) {
  const TemporaryFolder folder;
  const auto first = MemorySocket::listen(folder / "memory.sock");
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(MemorySocket::listen(folder / "memory.sock").error().message, "the socket is in use");
  EXPECT_TRUE(dial(folder / "memory.sock").valid());
}

TEST(MemorySocket, RefusesAPathThatIsTooLong) {
  EXPECT_EQ(MemorySocket::listen("/tmp/" + std::string(200, 'a')).error().code, "MEM-SOCKET");
  EXPECT_EQ(MemorySocket::listen("").error().code, "MEM-SOCKET");
}

TEST(MemorySocket, ReplacesAStaleSocketAndGoesWithItsOwner) {
  const TemporaryFolder folder;
  const std::string path = folder / "memory.sock";
  {
    const auto stale = MemorySocket::listen(path);
    std::filesystem::rename(path, folder / "kept");  // as a killed agent would leave it
  }
  std::filesystem::rename(folder / "kept", path);
  {
    const auto socket = MemorySocket::listen(path);
    ASSERT_TRUE(socket.has_value());
    EXPECT_TRUE(dial(path).valid());
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(MemorySocket, LeavesItsSuccessorsFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "memory.sock";
  {
    const auto socket = MemorySocket::listen(path);
    std::filesystem::rename(path, folder / "moved");
    std::ofstream(path) << "another's";
  }
  EXPECT_TRUE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace vedette::agent
