// EventReplacement: an event log in which single events measure something else.
#pragma once

#include "attestation/appraisal/prediction.h"

namespace vedette::attestation {

// What predict() says of each kind of change. The order of the events stays.
class EventReplacement {
 public:
  // What was measured is known from events by its digests of that bank.
  EventReplacement(EventLog log, codec::TpmAlgorithm bank);

  [[nodiscard]] Result<void> take_kernel(ByteView image);
  [[nodiscard]] Result<void> take_initrd(ByteView octets);
  [[nodiscard]] Result<void> take_command_line(const std::string& line);
  [[nodiscard]] Result<void> take_firmware(const EventLog& with);
  [[nodiscard]] Result<void> take_database(const std::string& name, ByteView signature_lists);

  [[nodiscard]] const EventLog& log() const { return log_; }
  [[nodiscard]] std::vector<ReplacedEvent> replaced() const;
  [[nodiscard]] const std::vector<std::string>& doubts() const { return doubts_; }

 private:
  [[nodiscard]] Event* last_tag(std::uint32_t tag);
  [[nodiscard]] Event* file_named(std::string_view name);
  void note_unread(std::string_view file);
  [[nodiscard]] bool replace_grub_line(const std::string& present, const std::string& line);
  [[nodiscard]] bool replace_utf16_line(const std::string& line);

  codec::TpmAlgorithm bank_;
  EventLog before_;
  EventLog log_;
  std::vector<std::string> doubts_;
};

}  // namespace vedette::attestation
