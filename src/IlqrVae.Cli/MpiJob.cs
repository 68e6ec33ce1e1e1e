using IlqrVae.Mpi;
using IlqrVae.Training.Processes;

namespace IlqrVae.Cli;

/// <summary>The work of a command in all processes that a launcher of MPI jobs started, or in this one alone. Without such a launcher no MPI library is looked for.</summary>
internal static class MpiJob
{
    private static readonly string[] s_shared = ["train", "sweep", "infer", "evaluate", "calibrate", "nlb predict"];

    /// <summary>Refuses a command that would do the same in every process of a job, and write the same files.</summary>
    /// <param name="terminal">The first process speaks; the others are silent.</param>
    /// <exception cref="InputException">The command is not made for several processes.</exception>
    public static void Require(Terminal terminal)
    {
        if (MpiLaunch.IsShared && !s_shared.Contains(terminal.Command, StringComparer.Ordinal))
        {
            terminal.IsSilent = !MpiLaunch.IsFirst;
            throw new InputException(
                $"'{terminal.Command}' works in one process; start it without the MPI launcher, which is for {string.Join(", ", s_shared[..^1].Select(name => $"'{name}'"))} and '{s_shared[^1]}'.");
        }
    }

    /// <summary>Works.</summary>
    /// <param name="terminal">The first process speaks; the others are silent.</param>
    /// <param name="work">The work, which begins with <see cref="IProcessGroup.Agree"/>; returns the exit code.</param>
    /// <returns>The exit code.</returns>
    public static int Run(Terminal terminal, Func<IProcessGroup, int> work)
    {
        if (!MpiLaunch.IsShared)
        {
            return work(new OneProcess());
        }

        using var group = Join();
        terminal.IsSilent = group.Number > 0;
        try
        {
            return work(group);
        }
        catch (InputException exception) when (!group.HasAgreed)
        {
            // The others wait to hear that this one is ready.
            return End(group, group.Agree(exception.Message)!);
        }
        catch (InputException) when (group.Failure is { } reason)
        {
            return End(group, reason);
        }
        catch (OperationCanceledException)
        {
            // All were asked to stop, or have heard of it; or the first one was, while the others have done their part.
            if (group.Number > 0)
            {
                return ExitCode.Interrupted;
            }

            throw;
        }
        catch (InputException exception)
        {
            // What one process meets alone, in the midst of work.
            terminal.Error.WriteLine(group.Number == 0 ? exception.Message : $"process {group.Number} of {group.Count}: {exception.Message}");
            group.Abort(ExitCode.WrongInput);
            throw;
        }
        catch (FailedRunException) when (group.Number > 0)
        {
            // What became of the work is the same everywhere, and told by the first process.
            return ExitCode.Failed;
        }
        catch (Exception exception) when (exception is not FailedRunException)
        {
            // The others would wait for this one, whatever happened to it.
            terminal.Error.WriteLine($"process {group.Number} of {group.Count} failed, and all others end with it: {exception.Message}");
            group.Abort(ExitCode.Failed);
            throw;
        }
    }

    private static MpiGroup Join()
    {
        try
        {
            return MpiGroup.Join();
        }
        catch (MpiException exception)
        {
            throw new InputException(exception.Message, exception);
        }
    }

    /// <summary>All processes end because one could not begin, whose reason the first one tells.</summary>
    private static int End(MpiGroup group, string reason) => group.Number == 0 ? throw new InputException(reason) : ExitCode.WrongInput;
}
