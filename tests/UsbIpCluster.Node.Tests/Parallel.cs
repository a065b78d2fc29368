// Most tests await a socket or another thread: more of them run at once than there are cores.
[assembly: CollectionBehavior(MaxParallelThreads = 6)]
