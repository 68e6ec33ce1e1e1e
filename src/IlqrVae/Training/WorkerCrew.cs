using System.Runtime.ExceptionServices;

namespace IlqrVae.Training;

/// <summary>
/// Threads that share out jobs, made once for many jobs; the caller is one of them. Batches last milliseconds and follow each other closely: handing
/// each to a thread pool anew costs a noticeable share of them.
/// </summary>
internal sealed class WorkerCrew : IDisposable
{
    private readonly Barrier _barrier;
    private readonly Thread[] _threads;
    private Action<int>? _job;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Starts the threads.</summary>
    /// <param name="size">Number of threads, the caller included.</param>
    public WorkerCrew(int size)
    {
        _barrier = new Barrier(size);
        _threads = [.. Enumerable.Range(1, size - 1).Select(i => new Thread(() => Serve(i)) { IsBackground = true, Name = $"worker {i}" })];
        Array.ForEach(_threads, thread => thread.Start());
    }

    /// <summary>Gets the number of threads, the caller included.</summary>
    public int Size => _threads.Length + 1;

    /// <summary>Runs a job on every thread and waits for all of them. What one throws is thrown here, once all are done.</summary>
    /// <param name="job">What to do, given the number of the thread, from 0.</param>
    public void Run(Action<int> job)
    {
        _job = job;
        _failure = null;
        _barrier.SignalAndWait();
        Attempt(job, 0);
        _barrier.SignalAndWait();
        _failure?.Throw();
    }

    /// <summary>Runs a body for every item, each on whichever thread is free first.</summary>
    /// <param name="count">Number of items.</param>
    /// <param name="body">What to do, given the number of the thread and the item, both from 0.</param>
    public void ForEach(int count, Action<int, int> body)
    {
        var next = -1;
        Run(number =>
        {
            for (var i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
            {
                body(number, i);
            }
        });
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        _job = null;
        _barrier.SignalAndWait();
        Array.ForEach(_threads, thread => thread.Join());
        _barrier.Dispose();
    }

    private void Serve(int number)
    {
        while (true)
        {
            _barrier.SignalAndWait();
            if (_job is not { } job)
            {
                return;
            }

            Attempt(job, number);
            _barrier.SignalAndWait();
        }
    }

    private void Attempt(Action<int> job, int number)
    {
        try
        {
            job(number);
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
        }
    }
}
