using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Tests;

/// <summary>Expressions that choose trials and units.</summary>
public sealed class Row_filters
{
    private static readonly ColumnTable Table = new(
        "the table '/intervals/trials'",
        4,
        [
            TableColumn.OfNumbers("id", "int64", [0, 1, 2, 3]),
            TableColumn.OfTexts("split", "text", ["train", "val", "train", "it's"]),
            TableColumn.OfNumbers("reward", "float64", [0, 1.5, double.NaN, -2]),
            TableColumn.OfTruth("good", [true, false, true, false]),
            TableColumn.OfNumbers("odd name", "int64", [5, 6, 7, 8]),
            TableColumn.OfNumbers("in", "int64", [1, 0, 1, 0]),
            TableColumn.OfOther("touches", "lists of float64"),
        ]);

    [Theory]
    [InlineData("split == 'train'", "0 2")]
    [InlineData("split = \"train\"", "0 2")]
    [InlineData("split != 'train'", "1 3")]
    [InlineData("split == \"it's\"", "3")]
    [InlineData("split < 'u'", "0 2 3")]
    [InlineData("reward > 0", "1")]
    [InlineData("reward >= 0", "0 1")]
    [InlineData("0 < reward", "1")]
    [InlineData("reward == nan", "2")]
    [InlineData("reward != nan", "0 1 3")]
    [InlineData("reward < -1.5e0", "3")]
    [InlineData("-2 <= reward < 1", "0 3")]
    [InlineData("-1 <= reward < 1", "0")]
    [InlineData("-3 < reward < 1 < id", "3")]
    [InlineData("good", "0 2")]
    [InlineData("not good", "1 3")]
    [InlineData("!good", "1 3")]
    [InlineData("good == true", "0 2")]
    [InlineData("good == 1", "0 2")]
    [InlineData("good != False", "0 2")]
    [InlineData("good and id > 0", "2")]
    [InlineData("good && id > 0 || id == 3", "2 3")]
    [InlineData("id == 3 or good and id > 0", "2 3")]
    [InlineData("(id == 3 or good) and id > 0", "2 3")]
    [InlineData("not (id == 3 or good)", "1")]
    [InlineData("not id == 3 and good", "0 2")]
    [InlineData("id in [1, 3]", "1 3")]
    [InlineData("id in (1,)", "1")]
    [InlineData("id in []", "")]
    [InlineData("split not in ['train', 'val']", "3")]
    [InlineData("`odd name` >= 7", "2 3")]
    [InlineData("in == 1", "0 2")]
    [InlineData("id in [-1, +2]", "2")]
    [InlineData("NOT good AND id < 2", "1")]
    [InlineData("id==.5e1 or id<=1", "0 1")]
    public void Rows_are_chosen(string text, string rows)
    {
        var holds = RowFilter.Rows("--where", text, Table, "a.nwb");
        Assert.Equal(rows, string.Join(' ', Enumerable.Range(0, 4).Where(row => holds[row])));
    }

    [Theory]
    [InlineData("splt == 'train'", 1, "there is no column 'splt'", "did you mean 'split'?")]
    [InlineData("good and (rewrd > 0)", 11, "'rewrd'", "did you mean 'reward'?")]
    [InlineData("split == train", 10, "'train'", "")]
    [InlineData("split == 3", 7, "a text (split) is compared with a number (3)", "put the other side in quotes")]
    [InlineData("id == '3'", 4, "a text ('3') is compared with a number (id)", "leave the quotes out")]
    [InlineData("split", 1, "'split' is a text where something true or false is needed", "split == 'word'")]
    [InlineData("id", 1, "'id' is a number where something true or false is needed", "id > 0")]
    [InlineData("good and", 9, "it ends where", "")]
    [InlineData("", 1, "it ends where", "")]
    [InlineData("(good", 6, "')' is expected", "")]
    [InlineData("good)", 5, "')' is not expected", "")]
    [InlineData("good good", 6, "'good' is not expected", "'and' or 'or'")]
    [InlineData("id in 3", 7, "needs a list", "")]
    [InlineData("id in [1 2]", 10, "',' is expected", "")]
    [InlineData("split == 'train", 10, "has no end", "")]
    [InlineData("id == 1,5", 8, "',' is not expected", "")]
    [InlineData("id == 1.2.3", 7, "'1.2.3' is not a number", "")]
    [InlineData("id == 3 ; drop", 9, "';' is no part", "")]
    [InlineData("touches == 3", 1, "lists of float64", "cannot be compared")]
    [InlineData("id == == 3", 7, "'==' stands where", "")]
    [InlineData("id == and", 7, "'and' stands where", "")]
    [InlineData("`nothing` > 1", 1, "'nothing'", "")]
    public void Faults_are_told_with_their_place(string text, int place, string what, string hint)
        => Faults.Message(() => RowFilter.Rows("--where", text, Table, "a.nwb"), "--where: a.nwb", $"at character {place}:", what, hint);

    [Fact]
    public void Deep_and_odd_expressions_end_in_a_message_or_an_answer()
    {
        Faults.Message(() => RowFilter.Rows("--where", new string('(', 100_000), Table, "a.nwb"), "nested");
        Faults.Message(() => RowFilter.Rows("--where", string.Concat(Enumerable.Repeat("not ", 100_000)) + "good", Table, "a.nwb"), "nested");
        Assert.Equal(2, RowFilter.Rows("--where", string.Join(" and ", Enumerable.Repeat("good", 2000)), Table, "a.nwb").Count(one => one));
        var random = new Random(4);
        string[] parts = ["id", "split", "good", "==", "<", "(", ")", "[", "]", ",", "in", "not", "and", "or", "'a'", "3", "-", "`", "'", "nan", "é", " "];
        for (var i = 0; i < 5000; i++)
        {
            var text = string.Join(random.Next(2) == 0 ? " " : "", Enumerable.Range(0, random.Next(8)).Select(_ => parts[random.Next(parts.Length)]));
            try
            {
                Assert.Equal(4, RowFilter.Rows("--where", text, Table, "a.nwb").Length);
            }
            catch (InputException exception)
            {
                Assert.Contains("at character", exception.Message, StringComparison.Ordinal);
            }
        }
    }
}
