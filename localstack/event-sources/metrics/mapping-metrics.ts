/** Lambda's metrics of an event source mapping, counted since the start of the process. */
export class MappingMetrics {
  PolledEventCount = 0;
  FilteredOutEventCount = 0;
  /** Counts a record once for each invocation it was part of. */
  InvokedEventCount = 0;
  FailedInvokeEventCount = 0;
  /** Discarded records that reached no destination. */
  DroppedEventCount = 0;
  OnFailureDestinationDeliveredEventCount = 0;
  CommittedEventCount = 0;
  PollingErrorCount = 0;
  InvokeErrorCount = 0;
  OnFailureDestinationDeliveryErrorCount = 0;
  SchemaRegistryErrorCount = 0;
  CommitErrorCount = 0;
  /** How many records the broker has after the committed offsets. The same as SumOffsetLag. */
  OffsetLag = 0;
  MaxOffsetLag = 0;
  SumOffsetLag = 0;
  ProvisionedPollers = 0;
}
