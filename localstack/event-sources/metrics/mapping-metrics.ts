/** Lambda's own counters of an event source mapping, since the start of the process. */
export class MappingMetrics {
  PolledEventCount = 0;
  FilteredOutEventCount = 0;
  /** Counts a record again with each retry. */
  InvokedEventCount = 0;
  FailedInvokeEventCount = 0;
  /** Given up and told to nobody. */
  DroppedEventCount = 0;
  OnFailureDestinationDeliveredEventCount = 0;
  CommittedEventCount = 0;
  PollingErrorCount = 0;
  InvokeErrorCount = 0;
  OnFailureDestinationDeliveryErrorCount = 0;
  CommitErrorCount = 0;
  /** How far the broker is ahead of what is committed: the sum over the partitions, the same as SumOffsetLag. */
  OffsetLag = 0;
  MaxOffsetLag = 0;
  SumOffsetLag = 0;
  ProvisionedPollers = 0;
}
