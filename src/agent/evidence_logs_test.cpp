#include "agent/evidence_logs.h"

#include <cstring>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "testing/register_tpm.h"
#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

template <class T>
std::string code_of(const Result<T>& result) {
  return result.has_value() ? "accepted" : result.error().code;
}

void append_number(Bytes& list, std::size_t number) {
  const auto narrow = static_cast<std::uint32_t>(number);
  std::uint8_t octets[sizeof narrow];
  std::memcpy(octets, &narrow, sizeof narrow);
  append(list, octets);
}

// As the kernel writes one: register, template digest, name, data.
Bytes ima_entry(const std::string& name, std::size_t octets) {
  Bytes entry;
  append_number(entry, 10);
  append(entry, Bytes(20, 0xAB));
  append_number(entry, name.size());
  append(entry, as_bytes(name));
  if (name == "ima") append(entry, Bytes(20, 0xCD));
  append_number(entry, octets);
  append(entry, Bytes(octets, 0xEF));
  return entry;
}

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& part : parts)
    append(all, part);
  return all;
}

TEST(ImaEntries, RefuseAListThatEndsWithinAnEntryToSkip) {
  const Bytes whole = joined({ima_entry("ima-ng", 60), ima_entry("ima", 9)});
  const std::size_t first = ima_entry("ima-ng", 60).size();
  for (std::size_t cut = first + 1; cut < whole.size(); ++cut)
    EXPECT_EQ(code_of(ima_entries_from(ByteView(whole).first(cut), 2)), "AGT-IMA-LIST") << cut;
}

TEST(ImaEntries, RefuseAnEntryThatClaimsMoreThanThereIs) {
  Bytes list = ima_entry("ima-ng", 4);
  list[24 + 4 + 6 + 3] = 0xFF;  // the highest octet of the data's size
  EXPECT_EQ(code_of(ima_entries_from(list, 1)), "AGT-IMA-LIST");
}

TEST(ImaEntries, AreThoseFromTheNumberOn) {
  const std::vector<Bytes> entries{ima_entry("ima-sig", 200), ima_entry("ima", 9),
                                   ima_entry("ima-buf", 0)};
  const Bytes whole = joined(entries);
  EXPECT_EQ(ima_entries_from(whole, 0), (DeviceLogs::Slice{0, whole}));
  EXPECT_EQ(ima_entries_from(whole, 1), (DeviceLogs::Slice{1, joined({entries[1], entries[2]})}));
  EXPECT_EQ(ima_entries_from(whole, 2), (DeviceLogs::Slice{2, entries[2]}));
  EXPECT_EQ(ima_entries_from(whole, 3), (DeviceLogs::Slice{3, {}}));
}

TEST(ImaEntries, AreAllOfThemWhenTheListBeganAnew) {
  const Bytes whole = ima_entry("ima-ng", 60);
  EXPECT_EQ(ima_entries_from(whole, 2), (DeviceLogs::Slice{0, whole}));
  EXPECT_EQ(ima_entries_from({}, 7), (DeviceLogs::Slice{0, {}}));
}

class DeviceLogsTest : public ::testing::Test {
 protected:
  void write(const std::string& name, ByteView content) const {
    ASSERT_TRUE(write_file_atomically(folder_ / name, content, 0600));
  }
  [[nodiscard]] Result<DeviceLogs> read(const LogWish& wish) const {
    return read_device_logs(folder_ / "boot", folder_ / "ima", *runtime_, wish);
  }
  void measure(const std::string& name) {
    ASSERT_TRUE(runtime_->measure({.kind = attestation::RuntimeEventKind::model_release,
                                   .name = name,
                                   .digest = {},
                                   .powers = {}}));
  }

  TemporaryFolder folder_;
  testing::RegisterTpm tpm_;
  std::unique_ptr<RuntimeMeasurements> runtime_ =
      RuntimeMeasurements::open(folder_.path(), 13, tpm_).value();
};

TEST_F(DeviceLogsTest, RefuseFilesBeyondTheirBounds) {
  write("boot", Bytes(kMaxEventLogBytes + 1));
  EXPECT_EQ(code_of(read({})), "FILE-SIZE");
  write("boot", Bytes(kMaxEventLogBytes));
  write("ima", Bytes(kMaxImaLogBytes + 1));
  EXPECT_EQ(code_of(read({})), "FILE-SIZE");
}

TEST_F(DeviceLogsTest, RefuseWhatIsThereButCannotBeRead) {
  ASSERT_EQ(::mkdir((folder_ / "boot").c_str(), 0700), 0);
  EXPECT_EQ(code_of(read({})), "FILE-READ");
}

TEST_F(DeviceLogsTest, LeaveOutWhatThisDeviceDoesNotHave) {
  const auto logs = read({});
  ASSERT_TRUE(logs.has_value()) << describe(logs.error());
  EXPECT_FALSE(logs->event_log.has_value());
  EXPECT_FALSE(logs->ima.has_value());
  EXPECT_EQ(logs->runtime, DeviceLogs::Slice{});
  codec::Json body;
  attestation::set_device_logs(body, *logs);
  EXPECT_TRUE(body.only({"runtime"}));
}

TEST_F(DeviceLogsTest, HoldWhatTheServerWishes) {
  write("boot", as_bytes("events"));
  write("ima", joined({ima_entry("ima-ng", 1), ima_entry("ima-ng", 2)}));
  measure("a");
  measure("b");
  const auto logs = read({.event_log = false, .ima_from = 1, .runtime_from = 1});
  ASSERT_TRUE(logs.has_value()) << describe(logs.error());
  EXPECT_FALSE(logs->event_log.has_value());
  EXPECT_EQ(logs->ima, (DeviceLogs::Slice{1, ima_entry("ima-ng", 2)}));
  EXPECT_EQ(logs->runtime, (DeviceLogs::Slice{1, *runtime_->records_from(1)}));
  const auto anew = read({.event_log = true, .ima_from = 9, .runtime_from = 9});
  EXPECT_EQ(anew->event_log, to_bytes(std::string_view("events")));
  EXPECT_EQ(anew->ima->from, 0U);
  EXPECT_EQ(anew->runtime, (DeviceLogs::Slice{0, *runtime_->records_from(0)}));
}

TEST_F(DeviceLogsTest, ReadFilesThatTheKernelGivesNoSize) {
  const auto logs = read_device_logs("/proc/self/status", folder_ / "ima", *runtime_, {});
  ASSERT_TRUE(logs.has_value()) << describe(logs.error());
  EXPECT_GT(logs->event_log->size(), 0U);
}

}  // namespace
}  // namespace vedette::agent
