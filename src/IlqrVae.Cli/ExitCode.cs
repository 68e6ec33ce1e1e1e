namespace IlqrVae.Cli;

/// <summary>What the process returns.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Failed while running.</summary>
    public const int Failed = 1;

    /// <summary>The user's input is wrong.</summary>
    public const int WrongInput = 2;

    /// <summary>Stopped by Ctrl-C or SIGTERM; training has saved its state.</summary>
    public const int Interrupted = 130;
}
