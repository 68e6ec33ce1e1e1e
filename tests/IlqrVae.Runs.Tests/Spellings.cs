namespace IlqrVae.Runs.Tests;

/// <summary>Which word was meant.</summary>
public sealed class Spellings
{
    [Theory]
    [InlineData("kidn", "kind")]
    [InlineData("ink", "link")]
    [InlineData("lynk", "link")]
    [InlineData("linnk", "link")]
    [InlineData("learning_rate", "learning-rate")]
    [InlineData("dnik", null)]
    [InlineData("states", null)]
    public void A_word_with_a_letter_too_many_too_few_wrong_or_swapped_is_found(string word, string? meant)
        => Assert.Equal(meant, Spelling.Closest(word, ["kind", "link", "learning-rate"]));
}
