using IlqrVae.Models.Kinds;
using IlqrVae.Numerics;

namespace IlqrVae.Training.Hiding;

/// <summary>
/// One way of hiding observations while learning, so that a model learns to predict what it does not see: at each of a trial's turns a rule is drawn anew,
/// and what it marks is hidden from inference. Several rules add up.
/// </summary>
public abstract record HidingRule : PartSpecification<HidingRule>
{
    /// <summary>Every rule there is, each at its defaults.</summary>
    public static IReadOnlyList<HidingRule> Kinds { get; } = [new GroupHiding(), new ChannelHiding(), new EntryHiding(), new BinHiding(), new EndHiding()];

    /// <summary>Names of the channel groups it hides from; none stands for all.</summary>
    public IReadOnlyList<string> Of { get; init; } = [];

    /// <summary>The probability with which it applies at a turn of a trial.</summary>
    public double Probability { get; init; } = 1;

    /// <inheritdoc/>
    public override IReadOnlyList<Setting<HidingRule>> SettingsAmong(ModelKinds kinds) =>
    [
        Setting.Texts<HidingRule>("of", "a list of channel groups, or nothing for all", rule => rule.Of, (rule, value) => rule with { Of = value },
            "The channel groups it hides from; all of them where none is named."),
        Setting.Number<HidingRule>("probability", NumberRange.Positive.UpTo(1), "a number above 0 and up to 1", rule => rule.Probability, (rule, value) => rule with { Probability = value },
            "How often it applies at a turn of a trial."),
        .. OwnSettings,
    ];

    /// <summary>What the rule has beside groups and probability.</summary>
    protected virtual IReadOnlyList<Setting<HidingRule>> OwnSettings => [];

    /// <summary>Draws whether it applies and marks what it hides. Allocates nothing.</summary>
    /// <param name="random">The generator of the trial's turn.</param>
    /// <param name="entries">The trial's entries.</param>
    internal void Draw(ref CounterRandom random, HiddenEntries entries)
    {
        // A draw decides even where it must come out so, so that a probability of 1 and one just below give the same masks.
        if (random.NextDouble() < Probability)
        {
            Mark(ref random, entries);
        }
    }

    /// <summary>Marks what the rule hides.</summary>
    /// <param name="random">The generator of the trial's turn.</param>
    /// <param name="entries">The trial's entries.</param>
    internal abstract void Mark(ref CounterRandom random, HiddenEntries entries);

    /// <summary>Whether it hides from a group.</summary>
    /// <param name="group">The group's name.</param>
    internal bool Concerns(string group)
    {
        if (Of.Count == 0)
        {
            return true;
        }

        for (var i = 0; i < Of.Count; i++)
        {
            if (Of[i] == group)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The setting of a share.</summary>
    /// <param name="get">Reads it.</param>
    /// <param name="set">The rule with another.</param>
    /// <param name="meaning">What it means.</param>
    /// <typeparam name="TRule">The rule.</typeparam>
    private protected static Setting<HidingRule> ShareSetting<TRule>(Func<TRule, double> get, Func<TRule, double, TRule> set, string meaning)
        where TRule : HidingRule
        => Setting.Number("share", NumberRange.Positive.Below(1), "a number between 0 and 1", get, set, meaning).Of<HidingRule>();

    /// <summary>The setting of a number of bins.</summary>
    /// <param name="get">Reads it.</param>
    /// <param name="set">The rule with another.</param>
    /// <param name="meaning">What it means.</param>
    /// <typeparam name="TRule">The rule.</typeparam>
    private protected static Setting<HidingRule> BinsSetting<TRule>(Func<TRule, long> get, Func<TRule, long, TRule> set, string meaning)
        where TRule : HidingRule
        => Setting.Whole("bins", 1, 1_000_000, get, set, meaning).Of<HidingRule>();
}
