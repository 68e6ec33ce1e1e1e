using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;

namespace IlqrVae.Runs.Searching;

/// <summary>
/// Works on a search until there is nothing left to do: takes a job that nobody has, does it, writes what came of it. What comes next is a function of what has come so far, whoever did it. Any number of
/// workers do so, here and elsewhere; they know of each other by the board alone.
/// </summary>
/// <typeparam name="TJob">A piece of work.</typeparam>
/// <typeparam name="TResult">What comes of it.</typeparam>
/// <param name="board">Where claims and results are.</param>
/// <param name="patience">Time without a sign of life after which a worker on another machine is taken for dead.</param>
internal abstract class JobSearch<TJob, TResult>(JobBoard board, TimeSpan patience)
    where TJob : struct
{
    /// <summary>Time between two looks of a worker that waits for others: longer and longer, since many may wait on one file system.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly Dictionary<TJob, TResult> _results = [];

    /// <summary>Held where results are looked at and told of.</summary>
    protected Lock Shared { get; } = new();

    /// <summary>What has come of jobs so far. <see cref="Shared"/> is held.</summary>
    protected IReadOnlyDictionary<TJob, TResult> Results => _results;

    /// <summary>Whether what others finish may make work for those who find none.</summary>
    protected abstract bool MayWait { get; }

    /// <summary>Works with some workers of this process.</summary>
    /// <param name="workers">How many.</param>
    /// <param name="interrupt">Stops them; jobs that are under way are given back.</param>
    /// <exception cref="OperationCanceledException">They were stopped.</exception>
    public void Run(int workers, CancellationToken interrupt)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(interrupt);
        var tasks = Enumerable.Range(0, workers).Select(_ => Task.Factory.StartNew(
            () =>
            {
                try
                {
                    Work(failed.Token);
                }
                catch
                {
                    failed.Cancel();
                    throw;
                }
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        try
        {
            Task.WaitAll(tasks, CancellationToken.None);
        }
        catch (AggregateException exception) when (exception.InnerExceptions.FirstOrDefault(one => one is not OperationCanceledException) is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
        }
        catch (AggregateException)
        {
            interrupt.ThrowIfCancellationRequested();
            throw;
        }
    }

    /// <summary>What a job is called.</summary>
    protected abstract string NameOf(TJob job);

    /// <summary>The job of a name; null for what is none of this search.</summary>
    protected abstract TJob? JobOf(string name);

    /// <summary>What is kept of a result.</summary>
    protected abstract JsonObject Written(TResult result);

    /// <summary>The result of what was kept of it.</summary>
    protected abstract TResult Read(TJob job, JsonObject json);

    /// <summary>Jobs that may be done now and are not, the first ones first, and whether everything is done. <see cref="Shared"/> is held.</summary>
    /// <param name="claimed">Jobs that somebody has begun.</param>
    protected abstract (IReadOnlyList<TJob> Open, bool IsOver) Next(IReadOnlySet<TJob> claimed);

    /// <summary>Does a job.</summary>
    protected abstract TResult Do(TJob job, CancellationToken interrupt);

    /// <summary>Told of a job that was done here. <see cref="Shared"/> is held.</summary>
    protected abstract void Tell(TJob job, TResult result);

    /// <summary>Told of a result that is new here, whoever did the job. <see cref="Shared"/> is held.</summary>
    protected virtual void Learn(TJob job, TResult result)
    {
    }

    /// <summary>Looks at what anybody has done so far. <see cref="Shared"/> is held.</summary>
    /// <returns>Jobs that somebody has begun.</returns>
    /// <exception cref="InputException">A result is no such thing.</exception>
    protected IReadOnlySet<TJob> Look()
    {
        foreach (var name in board.Done())
        {
            if (JobOf(name) is { } job && !_results.ContainsKey(job))
            {
                Add(job, board.Read(name, json => Read(job, json)));
            }
        }

        return board.Claimed().Select(JobOf).OfType<TJob>().ToHashSet();
    }

    /// <summary>Does one job after the other.</summary>
    private void Work(CancellationToken interrupt)
    {
        var pause = ShortestPause;
        while (true)
        {
            interrupt.ThrowIfCancellationRequested();
            IReadOnlyList<TJob> open;
            bool isOver;
            lock (Shared)
            {
                (open, isOver) = Next(Look());
            }

            if (isOver)
            {
                return;
            }

            if (TakeOne(open, interrupt))
            {
                pause = ShortestPause;
                continue;
            }

            if (!MayWait)
            {
                return;
            }

            interrupt.WaitHandle.WaitOne(pause);
            pause = TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, 1.5 * pause.TotalSeconds));
        }
    }

    private bool TakeOne(IReadOnlyList<TJob> open, CancellationToken interrupt)
    {
        foreach (var job in open)
        {
            var name = NameOf(job);
            using var claim = board.TryClaim(name, patience);

            // It may have been done since the results were read.
            if (claim is null || board.IsDone(name))
            {
                continue;
            }

            var result = Do(job, interrupt);
            board.Write(name, Written(result));
            lock (Shared)
            {
                Add(job, result);
                Tell(job, result);
            }

            return true;
        }

        return false;
    }

    private void Add(TJob job, TResult result)
    {
        _results[job] = result;
        Learn(job, result);
    }
}
