// Most of a test's time is spent waiting for a deadline, so two go on at once; more would disturb what they measure.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
