#include "platform/net/beast/tcp_table.h"

#include <string>

#include <gtest/gtest.h>

namespace vedette::platform::net {
namespace {

constexpr std::string_view kHeadings =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n";

std::string line(std::string_view ends, std::string_view uid, std::string_view inode) {
  return "   2: " + std::string(ends) + " 01 00000000:00000000 00:00000000 00000000  " +
         std::string(uid) + "        0 " + std::string(inode) +
         " 2 00000000195962f0 20 0 0 10 -1     \n";
}

TcpEnd loopback(std::uint16_t port) {
  TcpEnd end{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}, port};
  return end;
}

std::optional<SocketOwner> owner_in(const std::string& lines) {
  return find_owner(std::string(kHeadings) + lines, loopback(0xE098), loopback(0xCDA3));
}

constexpr std::string_view kPeers = "0100007F:E098 0100007F:CDA3";

// What the kernel shows of a socket whose process has closed it: uid 0, whoever it was.
TEST(TcpTable, RefusesASocketThatNobodyHoldsAnyMore) {
  EXPECT_EQ(owner_in(line(kPeers, "0", "0")), std::nullopt);
  EXPECT_EQ(owner_in(line(kPeers, "1000", "0")), std::nullopt);
}

TEST(TcpTable, RefusesOtherSockets) {
  EXPECT_EQ(owner_in(""), std::nullopt);
  EXPECT_EQ(owner_in(line("0100007F:CDA3 0100007F:E098", "0", "43720")), std::nullopt);  // our end
  EXPECT_EQ(owner_in(line("0100007F:E098 0100007F:CDA4", "0", "43720")), std::nullopt);
  EXPECT_EQ(owner_in(line("0200007F:E098 0100007F:CDA3", "0", "43720")), std::nullopt);
  EXPECT_EQ(owner_in(line("0100007F:E098 00000000:0000", "0", "43720")), std::nullopt);
}

TEST(TcpTable, RefusesLinesThatItCannotRead) {
  for (const char* lines :
       {"", "\n\n\n", "2:", "2: 0100007F:E098", "2: 0100007F:E098 0100007F:CDA3", "2: : : 01",
        "2: 0100007F 0100007F 01 0 0 0 1000 0 7"})
    EXPECT_EQ(owner_in(lines), std::nullopt) << lines;
  EXPECT_EQ(owner_in(line(kPeers, "-1", "43720")), std::nullopt);
  EXPECT_EQ(owner_in(line(kPeers, "4294967296", "43720")), std::nullopt);
  EXPECT_EQ(owner_in(line(kPeers, "x", "43720")), std::nullopt);
  EXPECT_EQ(owner_in(line(kPeers, "1000", "x")), std::nullopt);
}

TEST(TcpTable, FindsTheOwnerAmongOthers) {
  const std::string table = line("00000000:07E8 00000000:0000", "0", "1672") +
                            line("0100007F:CDA3 0100007F:E098", "0", "43719") +
                            line(kPeers, "1000", "43720");
  EXPECT_EQ(owner_in(table), (SocketOwner{1000, 43720}));
}

TEST(TcpTable, KnowsTheAddressesOfIpv6) {
  const auto mapped = line(
      "0000000000000000FFFF00000100007F:E098 0000000000000000FFFF00000100007F:CDA3", "1000", "9");
  EXPECT_EQ(owner_in(mapped), (SocketOwner{1000, 9}));
  const auto v6 = line(
      "00000000000000000000000001000000:E098 00000000000000000000000001000000:CDA3", "1000", "9");
  EXPECT_EQ(owner_in(v6), std::nullopt);
  const auto end = [](std::uint16_t port) {
    return TcpEnd{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, port};
  };
  EXPECT_EQ(find_owner(std::string(kHeadings) + v6, end(0xE098), end(0xCDA3)),
            (SocketOwner{1000, 9}));
}

}  // namespace
}  // namespace vedette::platform::net
